# The boot loader's script, one for QEMU's virt and every Raspberry Pi: chooses a slot, counts the attempt, starts it.
#
# The boot state is one sector, kept twice, at sectors 0x800 and 0x1000 of the disk, before the first partition. Each
# copy is a U-Boot environment with a checksum; the valid one with the higher BOOT_GEN counts, and the other one is
# written next. So a power cut while one is written leaves the other. /usr/lib/hutch/boot-state reads and writes the
# same. docs/image.md tells what the variables mean.

if test "${board}" = "qemu-arm"; then
  setenv at_state 0x48f00000
  setenv at_kernel 0x40400000
  setenv at_initrd 0x49000000
  setenv at_packed 0x4a000000
  setenv consoles "console=ttyAMA0"
else
  setenv at_state 0x08f00000
  setenv at_kernel 0x00400000
  setenv at_initrd 0x09000000
  setenv at_packed 0x0a000000
  setenv consoles "console=ttyAMA10,115200 console=ttyS1,115200 console=tty0"
fi
if test -n "${fdt_addr}"; then setenv at_fdt ${fdt_addr}; else setenv at_fdt ${fdtcontroladdr}; fi

setenv names "BOOT_GEN BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT BOOT_LAST_GOOD"
setenv BOOT_GEN
setenv gen_1
setenv gen_2
setenv newest 0
${devtype} dev ${devnum}
if ${devtype} read ${at_state} 0x800 1; then
  if env import -c ${at_state} 0x200 BOOT_GEN; then setenv gen_1 ${BOOT_GEN}; fi
fi
if ${devtype} read ${at_state} 0x1000 1; then
  if env import -c ${at_state} 0x200 BOOT_GEN; then setenv gen_2 ${BOOT_GEN}; fi
fi
if test -n "${gen_1}"; then setenv newest 1; fi
if test -n "${gen_2}"; then
  if test -z "${gen_1}"; then
    setenv newest 2
  else
    if test ${gen_2} -gt ${gen_1}; then setenv newest 2; fi
  fi
fi

setenv BOOT_GEN 0x0
setenv BOOT_ORDER "A B"
setenv BOOT_A_LEFT 3
setenv BOOT_B_LEFT 3
setenv BOOT_LAST_GOOD A
setenv write_to 0x800
if test "${newest}" = "1"; then
  ${devtype} read ${at_state} 0x800 1
  env import -c ${at_state} 0x200 ${names}
  setenv write_to 0x1000
fi
if test "${newest}" = "2"; then
  ${devtype} read ${at_state} 0x1000 1
  env import -c ${at_state} 0x200 ${names}
fi

setenv slot
setenv how attempt
for s in ${BOOT_ORDER}; do
  if test -z "${slot}"; then
    setenv left 0
    if test "${s}" = "A"; then setenv left ${BOOT_A_LEFT}; fi
    if test "${s}" = "B"; then setenv left ${BOOT_B_LEFT}; fi
    if test ${left} -gt 0; then setenv slot ${s}; fi
  fi
done
if test -z "${slot}"; then
  setenv how last-good
  setenv slot ${BOOT_LAST_GOOD}
  setenv left 0
fi
if test "${slot}" = "B"; then
  setenv boot_part 3
  setenv root_part 06
else
  setenv slot A
  setenv boot_part 2
  setenv root_part 05
fi

setenv save_state 'setexpr BOOT_GEN ${BOOT_GEN} + 1; setenv BOOT_GEN 0x${BOOT_GEN}; env export -c -s 0x200 ${at_state} ${names}; ${devtype} write ${at_state} ${write_to} 1'
if test "${how}" = "attempt"; then
  setexpr left ${left} - 1
  setenv BOOT_${slot}_LEFT ${left}
  run save_state
fi
echo "hutch: slot ${slot} (${how}), ${left} attempts left after this one"

# More words for the kernel, from a person: a line extra=... in hutch-boot.txt on the first partition.
setenv extra
if load ${devtype} ${devnum}:1 ${at_state} hutch-boot.txt; then env import -t ${at_state} ${filesize} extra; fi

setenv bootargs "${consoles} hutch.root=48555443-${root_part} hutch.boot=${how} hutch.left=${left} rauc.slot=${slot} panic=10 quiet ${extra}"
if load ${devtype} ${devnum}:${boot_part} ${at_packed} kernel.gz; then
  if unzip ${at_packed} ${at_kernel}; then
    if load ${devtype} ${devnum}:${boot_part} ${at_initrd} initrd.img; then
      booti ${at_kernel} ${at_initrd}:${filesize} ${at_fdt}
    fi
  fi
fi

# This slot cannot be started at all: never again by itself, and the other one now.
echo "hutch: slot ${slot} has no kernel that starts"
setenv BOOT_${slot}_LEFT 0
if test "${how}" = "last-good"; then
  if test "${slot}" = "A"; then setenv BOOT_LAST_GOOD B; else setenv BOOT_LAST_GOOD A; fi
fi
if test "${write_to}" = "0x800"; then setenv write_to 0x1000; else setenv write_to 0x800; fi
run save_state
reset
