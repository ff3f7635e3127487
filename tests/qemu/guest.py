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

# Output goes to the first serial port.
_PROLOGUE = '''#!/busybox sh
/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
exec </dev/null >/dev/ttyS0 2>&1
for module in /modules/*; do insmod $module; done
'''

# The kernel panics if its first process ends.
_EPILOGUE = '''
while true; do sleep 60; done
'''


def require():
    """Ends the test, as skipped, where there is no guest."""
    if not os.path.exists(KERNEL):
        harness.skip('no guest', 'tests/qemu/install_guest.sh')


def make_initrd(folder, script):
    """Writes the guest's file system into `folder`; returns QEMU's flags."""
    root = os.path.join(folder, 'guest')
    for name in ('bin', 'dev', 'mnt'):
        os.makedirs(os.path.join(root, name))
    shutil.copy(BUSYBOX, root)
    shutil.copytree(MODULES, os.path.join(root, 'modules'))
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
