"""The pure parts of the build: sources, keys of stages, partition table, accounts, lists of what is in the image."""

from __future__ import annotations

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from image.build import accounts, boot_packages, initramfs, layout, lists, manifest, python_tree, sbom, sources
from image.build.bundle import manifest as bundle_manifest
from image.build.cache import Cache, digest, files_below, key_of
from image.build.disk import first_state
from image.build.programs import BuildError
from image.build.tree import LATE, PACKAGED
from tests.unit.image.programs import ROOT, load

DEB822 = """# a comment
Types: deb
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb deb-src
URIs: http://archive.example/security
Suites: bookworm-security

Types: deb
Enabled: no
URIs: http://other.example/debian
Suites: bookworm
"""
ONE_LINE = "deb [arch=amd64] http://archive.example/debian bookworm main\n# deb http://old.example x y\n"


def test_the_machine_s_sources_are_turned_to_the_release() -> None:
    text = sources.for_release(sources.parse("debian.sources", DEB822), "bookworm")
    found = [line.split("] ")[1] for line in text.splitlines()]
    assert found == [
        "http://archive.example/debian trixie main non-free-firmware",
        "http://archive.example/debian trixie-updates main non-free-firmware",
        "http://archive.example/debian trixie-backports main non-free-firmware",
        "http://archive.example/security trixie-security main non-free-firmware",
    ]
    assert "backports" not in sources.without_backports(text)
    assert sources.without_backports(text).count("\n") == 3


def test_both_forms_of_sources_are_read() -> None:
    assert sources.parse("sources.list", ONE_LINE) == [sources.Source("http://archive.example/debian", "bookworm")]
    with pytest.raises(BuildError, match="HUTCH_IMAGE_SOURCES"):
        sources.for_release(sources.parse("sources.list", ONE_LINE), "forky")


def test_a_stage_is_made_once_for_the_same_inputs(tmp_path: Path) -> None:
    made: list[str] = []
    cache = Cache(tmp_path, lambda text: None)

    def make(folder: Path) -> None:
        made.append(folder.name)
        (folder / "result").write_text("x")

    first = cache.stage("one", {"a": "1"}, make)
    assert cache.stage("one", {"a": "1"}, make) == first
    assert len(made) == 1
    assert cache.stage("one", {"a": "2"}, make) != first
    assert (first.folder / "result").read_text() == "x"


def test_a_stage_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise BuildError("no")

    with pytest.raises(BuildError):
        Cache(tmp_path, lambda text: None).stage("one", {}, fail)
    assert list(tmp_path.iterdir()) == []


def test_old_results_of_a_stage_are_removed(tmp_path: Path) -> None:
    cache = Cache(tmp_path, lambda text: None)
    for number in range(6):
        cache.stage("one", {"n": str(number)}, lambda folder: None)
    cache.stage("one-more", {}, lambda folder: None)
    assert len([one for one in tmp_path.iterdir() if one.name.startswith("one-")]) == 4


def test_a_key_hangs_on_every_input_and_not_on_their_order() -> None:
    assert key_of("a", {"x": "1", "y": "2"}) == key_of("a", {"y": "2", "x": "1"})
    assert (
        len({key_of("a", {"x": "1"}), key_of("b", {"x": "1"}), key_of("a", {"x": "2"}), key_of("a", {"y": "1"})}) == 4
    )


def test_a_digest_sees_names_contents_links_and_modes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("a")
    seen = [digest(tmp_path, files_below(tmp_path))]
    file.write_text("b")
    seen.append(digest(tmp_path, files_below(tmp_path)))
    file.chmod(0o755)
    seen.append(digest(tmp_path, files_below(tmp_path)))
    (tmp_path / "link").symlink_to("file")
    seen.append(digest(tmp_path, files_below(tmp_path)))
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/x").touch()
    assert digest(tmp_path, files_below(tmp_path)) == seen[-1]
    assert len(set(seen)) == 4


def test_partitions_lie_behind_each_other_and_the_last_can_grow() -> None:
    primaries = [layout.BOOTFS, layout.BOOT_A, layout.BOOT_B, layout.EXTENDED]
    logicals = [layout.ROOT_A, layout.ROOT_B, layout.DATA]
    for group in (primaries, logicals):
        for one, following in pairwise(group):
            assert one.start + one.size <= following.start
    assert layout.EXTENDED.start < layout.ROOT_A.start
    assert layout.DATA.start + layout.DATA.size == layout.EXTENDED.start + layout.EXTENDED.size == layout.DISK_MIB
    assert f"label-id: 0x{layout.DISK_ID}" in layout.table()


def test_the_boot_state_lies_before_the_first_partition_where_the_script_looks() -> None:
    state = load("boot-state")
    script = (ROOT / "image/boot/boot.cmd").read_text()
    for place in state.COPIES:
        assert place + state.SECTOR <= layout.BOOTFS.start * layout.MIB
        assert f"read ${{at_state}} 0x{place // state.SECTOR:x} 1" in script
    assert state.decode(first_state()).primary == "A"
    assert state.decode(first_state()).left == (3, 0)
    names = re.search(r'^setenv names "(.+)"$', script, re.MULTILINE)
    assert names is not None
    written = first_state()[4:].partition(b"\0\0")[0].decode().split("\0")
    assert sorted(line.split("=")[0] for line in written) == sorted(names[1].split())


def test_partition_names_are_the_same_everywhere() -> None:
    texts = [(ROOT / "image" / name).read_text() for name in ("boot/boot.cmd", "overlay/etc/rauc/system.conf")]
    assert all(layout.DISK_ID in text for text in texts)
    assert {
        f"{layout.DISK_ID}-0{one.number}" for one in (layout.ROOT_A, layout.ROOT_B, layout.BOOT_A, layout.BOOT_B)
    } == set(re.findall(rf"{layout.DISK_ID}-0\d", texts[1]))


def test_accounts_are_described_for_the_next_slot() -> None:
    text = accounts.sysusers(
        "root:x:0:0:root:/root:/bin/bash\n_apt:x:42:65534::/none:/usr/sbin/nologin\n", "root:x:0:\nx:x:7:a,b\n"
    )
    assert 'u root 0:0 "root" /root /bin/bash' in text
    assert 'u _apt 42:65534 "_apt" /none /usr/sbin/nologin' in text
    assert text.splitlines()[-2:] == ["m a x", "m b x"]


def test_the_agents_account_is_in_no_group_of_the_daemon(tmp_path: Path) -> None:
    for name in ("etc/passwd", "etc/shadow", "etc/group", "etc/gshadow"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "usr/lib/sysusers.d").mkdir(parents=True)
    accounts.add_accounts(tmp_path)
    groups = [line.split(":") for line in (tmp_path / "etc/group").read_text().splitlines()]
    assert [name for name, _, _, members in groups if "agent" in members.split(",")] == ["hutch-agents"]
    assert (tmp_path / "etc/shadow").read_text() == "hutch:!*:::::::\nagent:!*:::::::\n"


def test_the_image_s_accounts_are_those_of_the_packages() -> None:
    lines = (ROOT / "packaging/sysusers.d/hutch.conf").read_text().splitlines()
    rows = [shlex.split(line) for line in lines if line and not line.startswith("#")]
    users = {(row[1], row[4], row[5]) for row in rows if row[0] == "u"}
    assert users == {(account.name, account.home, account.shell) for account in accounts.ACCOUNTS}
    members = {(row[1], row[2]) for row in rows if row[0] == "m"}
    assert members == {("hutch", "hutch-agents"), ("agent", "hutch-agents")}


def test_the_image_has_every_file_of_the_device_s_packaging() -> None:
    folder = ROOT / "packaging"
    found = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    # What install.sh puts on other machines is none of the image's.
    elsewhere = {name for name in found if name.startswith(("releases/", "cloud-init/"))}
    assert found - set(PACKAGED) - elsewhere == {"hutch-hub.service", "sysusers.d/hutch.conf"}
    assert set(PACKAGED) <= found


def test_newer_packages_come_from_the_next_release_of_the_same_archives() -> None:
    text = (
        "deb [arch=arm64] http://a/debian trixie main\n"
        "deb [arch=arm64] http://a/debian trixie-backports main\n"
        "deb [arch=arm64] http://a/security trixie-security main\n"
    )
    assert sources.next_release(text) == "deb [arch=arm64] http://a/debian forky main\n"


def test_parts_of_one_source_come_together() -> None:
    depends = "dracut | initramfs-tools (>= 0.120), linux-binary-7 (= 7.2-1), linux-modules-7 (= 7.2-1)\n"
    assert boot_packages.exact_needs(depends) == ["linux-binary-7=7.2-1", "linux-modules-7=7.2-1"]
    assert boot_packages.with_suite("linux-image-arm64/backports") == "linux-image-arm64/trixie-backports"
    assert boot_packages.with_suite("u-boot-rpi") == "u-boot-rpi"


def test_modules_come_with_what_they_need() -> None:
    needs = initramfs.parse_needs(
        "kernel/ext4.ko.xz: kernel/jbd2.ko.xz kernel/crc-a.ko.xz\nkernel/jbd2.ko.xz:\nkernel/nvme.ko.xz:\n"
    )
    assert initramfs.closure(needs, ["ext4", "built-in"]) == [
        "kernel/crc-a.ko.xz",
        "kernel/ext4.ko.xz",
        "kernel/jbd2.ko.xz",
    ]
    assert initramfs.module_name("kernel/usb-storage.ko.xz") == "usb_storage"


def test_a_lock_is_split_for_packages_without_a_wheel() -> None:
    lock = (
        "# by make lock\na==1 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\n"
        "http-ece==2 \\\n    --hash=sha256:3\na==1 \\\n    --hash=sha256:1\n"
    )
    plain, apart = python_tree.split_lock(lock, ("http-ece",))
    assert [line.split()[0] for line in plain.splitlines()] == ["a==1"]
    assert apart.split() == ["http-ece==2", "--hash=sha256:3"]


def test_commands_that_name_this_machine_s_python_leave_no_trace(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    record = tmp_path / "idna-3.dist-info/RECORD"
    record.parent.mkdir()
    record.write_text("../../bin/idna,sha256=x,217\nidna/__init__.py,sha256=y,10\nidna-3.dist-info/RECORD,,\n")
    python_tree.drop_commands(tmp_path)
    assert record.read_text() == "idna/__init__.py,sha256=y,10\nidna-3.dist-info/RECORD,,\n"
    assert not (tmp_path / "bin").exists()


@pytest.mark.parametrize("name", python_tree.FROM_SOURCE)
def test_packages_built_from_source_are_locked(name: str) -> None:
    assert f"{name}==" in (ROOT / "requirements/runtime.txt").read_text()


def test_what_changes_with_a_version_is_every_package_of_the_wheel() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    found = re.search(r"^packages = (\[.+\])$", project, re.MULTILINE)
    assert found is not None
    assert sorted(json.loads(found[1])) == sorted(LATE)


def test_the_bill_of_materials_names_every_package_once() -> None:
    status = (
        "Package: tmux\nStatus: install ok installed\nArchitecture: arm64\nVersion: 3.5a-3+b1\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nArchitecture: arm64\nVersion: 1\n"
    )
    parts = [
        *sbom.from_dpkg(status),
        sbom.Component("pypi", "aiohttp", "3.12"),
        sbom.Component("pypi", "aiohttp", "3.12"),
    ]
    document = json.loads(sbom.document("1.0", "2026-11-21T00:00:00+00:00", parts))
    assert [one["purl"] for one in document["components"]] == [
        "pkg:deb/debian/tmux@3.5a-3%2Bb1?arch=arm64",
        "pkg:pypi/aiohttp@3.12",
    ]
    assert (
        document["serialNumber"]
        == json.loads(sbom.document("1.0", "2026-11-21T00:00:00+00:00", parts[::-1]))["serialNumber"]
    )


def test_python_packages_are_found_by_their_metadata(tmp_path: Path) -> None:
    (tmp_path / "A_b-1.dist-info").mkdir()
    (tmp_path / "A_b-1.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: A_b\nVersion: 1\n\nVersion: none\n"
    )
    assert sbom.from_python(tmp_path) == [sbom.Component("pypi", "a-b", "1")]


def test_imager_gets_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"abc")
    measured = manifest.measure(tmp_path / "image")
    listed = json.loads(
        manifest.os_list("1.0", "2026-11-21", "https://files.example/hutch.img.zst", measured, measured)
    )
    (entry,) = listed["os_list"]
    assert entry["init_format"] == "cloudinit"
    assert entry["extract_size"] == 3
    assert entry["extract_sha256"].startswith("ba7816bf")
    assert entry["icon"] == "https://files.example/hutch.svg"
    assert set(entry) >= {"name", "description", "url", "image_download_size", "release_date", "devices"}


def test_checksums_are_as_sha256sum_checks_them(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"abc")
    assert re.fullmatch(r"[0-9a-f]{64}  b\n", manifest.sums([tmp_path / "b"]))


def test_the_bundle_is_for_this_kind_of_device() -> None:
    text = bundle_manifest("1.2.3", "20261121")
    assert "compatible=hutch-arm64\nversion=1.2.3\n" in text
    assert text.count("adaptive=block-hash-index") == 2


@pytest.mark.parametrize("name", ["packages.list", "boot-packages.list", "modules.exclude", "initramfs/modules.list"])
def test_lists_name_nothing_twice(name: str) -> None:
    found = lists.entries(ROOT / "image" / name)
    assert found
    assert len(found) == len(set(found))
    assert all(re.fullmatch(r"[\w.+/-]+", one) for one in found)
