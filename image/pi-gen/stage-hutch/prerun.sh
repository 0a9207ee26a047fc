#!/bin/bash -e
# Called by pi-gen before the stage: begins with a copy of the stage before it.
if [ ! -d "${ROOTFS_DIR}" ]; then
  copy_previous
fi
