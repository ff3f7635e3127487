# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A Linux guest that does one thing: its first process is a given script."""

import os
import shutil
import subprocess

import harness

# Where install_guest.sh puts it.
FOLDER = '/opt/devstate/guest'
KERNEL = os.path.join(FOLDER, 'vmlinuz')
BUSYBOX = os.path.join(FOLDER, 'busybox')
MODULES = os.path.join(FOLDER, 'modules')
MEMORY = '128M'

_COMMON = ('virtio_ring', 'virtio', 'virtio_pci_modern_dev',
           'virtio_pci_legacy_dev', 'virtio_pci')
VIRTIOFS = ('fuse', 'virtiofs')
NET = ('failover', 'net_failover', 'virtio_net', 'llc', 'stp', 'garp', 'mrp',
       '8021q', 'macvlan')
CONSOLE = ('virtio_console',)
BLK = ('virtio_blk',)

# Output goes to the first serial port.
_PROLOGUE = '''#!/busybox sh
/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys
exec </dev/null >/dev/ttyS0 2>&1
for module in /modules/*; do insmod $module; done
'''

# The kernel panics if its first process ends.
_EPILOGUE = '''
while true; do sleep 60; done
'''


def _module_files(names):
    """The files of the modules, in the order in which they can be loaded."""
    files = sorted(os.listdir(MODULES))
    wanted = [file for file in files
              if file.split('-', 1)[1].rsplit('.', 1)[0] in names]
    return wanted if len(wanted) == len(names) else None


def require(modules=VIRTIOFS):
    """Ends the test, as skipped, where there is no guest with these modules."""
    if not os.path.exists(KERNEL) or _module_files(_COMMON + modules) is None:
        harness.skip('no guest', 'tests/qemu/install_guest.sh')


def make_initrd(folder, script, modules=VIRTIOFS, programs=()):
    """Writes the guest's file system into `folder`; returns QEMU's flags.

    Each of `programs` lies at the top of it.
    """
    root = os.path.join(folder, 'guest')
    for name in ('bin', 'dev', 'mnt', 'modules', 'sys'):
        os.makedirs(os.path.join(root, name))
    shutil.copy(BUSYBOX, root)
    for file in _module_files(_COMMON + modules):
        shutil.copy(os.path.join(MODULES, file), os.path.join(root, 'modules'))
    for program in programs:
        shutil.copy(program, root)
    init = os.path.join(root, 'init')
    with open(init, 'w', encoding='ascii') as file:
        file.write(_PROLOGUE + script + _EPILOGUE)
    os.chmod(init, 0o755)
    names = [os.path.relpath(os.path.join(parent, name), root)
             for parent, folders, files in os.walk(root)
             for name in folders + files]
    archive = subprocess.run([BUSYBOX, 'cpio', '-o', '-H', 'newc'], cwd=root,
                             input='\n'.join(names).encode() + b'\n',
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             check=True).stdout
    initrd = os.path.join(folder, 'initrd')
    with open(initrd, 'wb') as file:
        file.write(archive)
    # Without no_timer_check a guest that is emulated on a busy machine panics at
    # boot: ticks of its timer come too late for the kernel's test of them.
    return ['-kernel', KERNEL, '-initrd', initrd, '-append',
            'console=ttyS0 quiet panic=-1 no_timer_check']
