"""One Swift with its S3 API, empty, in a temporary directory: prints its port when it answers. The four servers are children of this process and end with it;
it ends with its standard input, and takes its directory along. Nothing is written outside of it."""
import os
import pwd
import shutil
import signal
import socket
import sys
import tempfile
import time

START_SECONDS = 60
NAMES = ('account', 'container', 'object', 'proxy')


def directory():
    """In memory where that can be: Swift flushes every file. It keeps facts on its files in extended attributes, which not every file system has."""
    for place in ('/dev/shm', tempfile.gettempdir()):
        if not os.path.isdir(place):
            continue
        found = tempfile.mkdtemp(prefix='waybill-swift-', dir=place)
        try:
            os.setxattr(found, 'user.waybill', b'1')
            return found
        except OSError:
            os.rmdir(found)
    sys.exit(f'Swift needs a file system with extended attributes; {tempfile.gettempdir()} has none. Set TMPDIR to a directory on one that has.')


def free_ports():
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in NAMES]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return dict(zip(NAMES, ports))


ROOT = directory()
PORTS = free_ports()


def path(name):
    return os.path.join(ROOT, name)


def write(name, text):
    with open(path(name), 'w') as file:
        file.write(text)


write('swift.conf', '[swift-hash]\nswift_hash_path_suffix = s\nswift_hash_path_prefix = p\n[storage-policy:0]\nname = default\ndefault = yes\n')

# Before anything else of Swift is imported: so it reads our file instead of the one in /etc.
import swift.common.utils as utils  # noqa: E402

utils.set_swift_dir(ROOT)
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import run_wsgi  # noqa: E402

FILTERS = 'catch_errors proxy-logging cache listing_formats bulk s3api tempauth slo dlo versioned_writes symlink'
# Authentication wants a cache to be configured; nobody listens on its port, so nothing is remembered and nothing is stale.
SETTINGS = {
    'cache': 'use = egg:swift#memcache\nmemcache_servers = 127.0.0.1:1\n',
    'tempauth': 'use = egg:swift#tempauth\nuser_test_tester = testing .admin\n',
    's3api': 'use = egg:swift#s3api\nlocation = us-east-1\nmin_segment_size = 1\n',
    'versioned_writes': 'use = egg:swift#versioned_writes\nallow_object_versioning = true\n',
}


def configuration(name):
    pipeline = f'{FILTERS} proxy-server' if name == 'proxy' else f'{name}-server'
    lines = ['[DEFAULT]', 'bind_ip = 127.0.0.1', f'bind_port = {PORTS[name]}', f'user = {pwd.getpwuid(os.getuid()).pw_name}', f'swift_dir = {ROOT}',
             f'devices = {path("devices")}', 'mount_check = false', 'fallocate_reserve = 0', 'workers = 0', 'log_level = WARNING',
             '[pipeline:main]', f'pipeline = {pipeline}', f'[app:{name}-server]', f'use = egg:swift#{name}']
    if name == 'proxy':
        lines += ['allow_account_management = true', 'account_autocreate = true']
        lines += [f'[filter:{one}]\n' + SETTINGS.get(one, f'use = egg:swift#{one.replace("-", "_")}\n') for one in FILTERS.split()]
    return '\n'.join(lines) + '\n'


def prepare():
    os.makedirs(path('devices/disk'))
    for name in NAMES:
        write(f'{name}.conf', configuration(name))
        if name != 'proxy':
            builder = RingBuilder(2, 1, 0)
            builder.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': PORTS[name], 'device': 'disk', 'weight': 1.0})
            builder.rebalance()
            builder.get_ring().save(path(f'{name}.ring.gz'))


def start(name):
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        log = os.open(path('log'), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os._exit(run_wsgi(path(f'{name}.conf'), f'{name}-server', verbose=True) or 0)
    return child


def wait_until_all_listen():
    deadline = time.monotonic() + START_SECONDS
    for port in PORTS.values():
        while True:
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    with open(path('log')) as log:
                        sys.exit(f'Swift did not start within {START_SECONDS} s; it said:\n{log.read()[-5000:]}')
                time.sleep(0.05)


children = []
try:
    prepare()
    children = [start(name) for name in NAMES]
    wait_until_all_listen()
    print(PORTS['proxy'], flush=True)
    sys.stdin.read()
finally:
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    shutil.rmtree(ROOT, ignore_errors=True)
