"""What the benchmarks share: they start a database, the gateway and its peers, and end all of them again."""

import asyncio
import contextlib
import glob
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PATH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
JAVA = os.environ.get("JAVA", "java")
TRANSPORT = os.environ.get("GATEWAY_TRANSPORT", "auto")
JAVA_OPTS = os.environ.get("JAVA_OPTS", f"@{ROOT}/conf/jvm.options")
TARGET = "/api/project"
started = []


def tool(name):
    found = shutil.which(name, path=PATH)
    if not found:
        sys.exit(f"{name} is needed, but is not in the PATH")
    return found


def start(command, **options):
    """A process in a group of its own, ended by stop_all."""
    options.setdefault("stdin", subprocess.DEVNULL)
    process = subprocess.Popen(command, start_new_session=True, **options)
    started.append(process)
    return process


def stop_all():
    for process in reversed(started):
        if process.stdin:
            process.stdin.close()  # the database's sign to clear up
        else:
            process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def fill(template, values):
    """A template of this directory with its @NAME@s replaced, as a file beside the data."""
    text = re.sub(r"@(\w+)@", lambda name: str(values[name[1]]), (HERE / template).read_text())
    path = pathlib.Path(values["DIR"], f"{values.get('NAME', 'the')}-{template}")
    path.write_text(text)
    return str(path)


def status(port, token):
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{TARGET}", headers=headers)
    try:
        return urllib.request.urlopen(request, timeout=5).status
    except urllib.error.HTTPError as refusal:
        return refusal.code
    except OSError:
        return 0


def wait_for(port, process, token):
    for _ in range(300):
        if process.poll() is not None:
            sys.exit(f"{process.args[0]} ended with {process.returncode}")
        if status(port, token) == 200:
            return
        time.sleep(0.1)
    sys.exit(f"{process.args[0]} does not answer 200 on port {port}")


def family(pid):
    """A process and all that descend from it."""
    pids = [pid]
    while pids:
        one = pids.pop()
        yield one
        for children in glob.glob(f"/proc/{one}/task/*/children"):
            pids += [int(child) for child in pathlib.Path(children).read_text().split()]


def cpu_seconds(pid):
    """User and system time of a process and all that descend from it."""
    total = 0
    for one in family(pid):
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    """Resident memory of a process and all that descend from it."""
    status = [pathlib.Path(f"/proc/{one}/status").read_text() for one in family(pid)]
    return sum(int(re.search(r"VmRSS:\s+(\d+)", one)[1]) for one in status) // 1024


def metric(management, name):
    """A metric without labels but those of all."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{management}/metrics", timeout=20).read().decode()
    return float(re.search(rf"^{name}(?:{{.*}})? ([-\d.eE]+)$", text, re.M)[1])


def percentile_ms(out, wanted):
    """A percentile of what wrk printed with --latency."""
    value, unit = re.search(rf"^ +{wanted}%\s+([\d.]+)(us|ms|s) *$", out, re.M).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def start_database(directory):
    command = [tool("mvn"), "-q", "-f", str(ROOT), "exec:exec", "-Dexec.executable=echo"]
    command += ["-Dexec.args=%classpath", "-Dexec.classpathScope=test"]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    classpath = re.sub(r"\x1b\[\d*m", "", out).strip()  # Maven resets colours even in a pipe
    command = [JAVA, f"-Djava.io.tmpdir={directory}", "-cp", classpath]
    command.append(str(HERE / "BenchDatabase.java"))
    pipe = subprocess.PIPE
    process = start(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
    line = process.stdout.readline().split()
    return line if len(line) == 2 else sys.exit("the database does not start")


def start_gateway(directory, settings, output=subprocess.DEVNULL):
    # In the directory: no conf/gateway.yaml is there, and nobody builds the jar anew under the run.
    jar = pathlib.Path(directory, "measured.jar")
    if not jar.exists():
        try:
            os.link(ROOT / "target" / "kaneo-gateway.jar", jar)  # the archive fits this very file only
        except OSError:
            shutil.copy(ROOT / "target" / "kaneo-gateway.jar", jar)
    archives = {"jsa": "-XX:SharedArchiveFile=", "aot": "-XX:AOTCache="}
    built = [(ROOT / "target" / f"kaneo-gateway.{kind}", option) for kind, option in archives.items()]
    found = [(path.stat().st_mtime, f"{option}{path}") for path, option in built if path.exists()]
    command = [JAVA, *shlex.split(JAVA_OPTS), *(option for _, option in sorted(found)[-1:])]
    command += [f"-Djava.io.tmpdir={directory}", "-jar", str(jar), "serve"]
    return start(command, env=settings, cwd=directory, stdout=output)


def sql(url, statement):
    command = ["psql", url, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def header(head, name):
    return next(line.split(": ", 1)[1] for line in head.split("\r\n")[1:] if line.lower().startswith(name + ":"))


class Client:
    """One keep-alive connection to the gateway."""

    def __init__(self, port):
        self.port, self.reader, self.writer = port, None, None

    async def ask(self, method, path, token=None, body=b"", kind="application/json", more=""):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        length = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n" if method == "POST" else ""
        self.writer.write(f"{method} {path} HTTP/1.1\r\nHost: bench\r\n{authorization}{length}{more}\r\n".encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin1")
        status = int(head.split()[1])
        if status == 101 or "chunked" in head.lower():
            return status, b""
        body = await self.reader.readexactly(int(header(head, "content-length")))
        if "connection: close" in head.lower():
            self.close()
        return status, body

    def close(self):
        if self.writer:
            self.writer.close()
            self.writer = None
