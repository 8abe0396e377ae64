#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""corv-adapter-test says yes to every adapter we make and to the template, and names the broken rule of
each wrong one on the shelf. Usage: conform.py BUILD"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
os.environ["CORV_BUILD"] = BUILD
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import harness  # noqa: E402

GOOD = [  # what is at least kept
    ("good", []), ("minor_0", []), ("minor_1", []), ("other_thread", []),
    ("template", ["-d", "-s", "file=@DIR@/berichten"]),
    ("builtin:loopback", ["-a", "loopback:soon", "-d"]),
    ("builtin:loopback", ["-a", "loopback:slow-60000", "-t", "1", "-r", "1"], {"deliver", "shapes", "two"}),
    ("builtin:https", ["-a", "https://localhost:1/", "-s", "certificate=@CERT@", "-s", "key=@KEY@", "-s",
                       "ca=@CA@"]),
    ("builtin:dropdir", ["-a", "@DIR@/uit", "-s", "in=@DIR@/in", "-s", "sender=raad"]),
    ("builtin:dai", ["-a", "http://127.0.0.1:1/", "-s", "listen_port=@PORT@", "-s", "listen_tls=none", "-s",
                     "tls=none", "-s", "sender=raad"]),
    ("builtin:process", ["-a", "loopback:soon", "-d", "-r", "3", "-s", "process.library=builtin:loopback", "-s",
                         "process.runner=@BUILD@/corv-adapter-run"]),
]
WRONG = [  # the rules it breaks, all of them; with a +: at least
    ("no_symbol", [], {"load"}), ("wrong_major", [], {"load"}), ("newer_minor", [], {"load"}),
    ("tiny_size", [], {"load"}), ("short_size", [], {"load"}), ("lies_size", [], {"load"}),
    ("bad_name", [], {"load"}), ("missing_function", [], {"load"}), ("deaf", [], {"load"}),
    ("no_kind", [], {"load"}), ("declines", [], {"load"}),
    ("any_major", [], {"negotiation"}), ("bad_table", [], {"settings"}),
    ("check_no", [], {"check"}), ("check_io", [], {"check"}),
    ("create_fails", [], {"start"}), ("start_fails", [], {"start"}),
    ("blocks", ["-r", "1"], {"loop time"}),
    ("crashes", ["-a", "segfault"], {"deliver"}), ("crashes", ["-a", "exit"], {"deliver"}),
    ("crashes", ["-a", "hang", "-t", "1"], {"deliver"}),
    ("never", ["-t", "1", "-r", "1"], {"+", "deliver", "cancel", "stop"}),
    ("twice", [], {"once"}), ("stray", ["-r", "1"], {"once"}),
    ("bad_outcome", ["-a", "class"], {"outcome"}), ("bad_outcome", ["-a", "code"], {"outcome"}),
    ("bad_answer", ["-t", "1", "-r", "1"], {"+", "outcome"}),
    ("wrong_thread", ["-r", "1"], {"threads"}), ("leftovers", ["-r", "1"], {"stop", "leaks"}),
    ("one_only", ["-t", "1"], {"two"}),
    ("leaks", ["-s", "what=file"], {"leaks"}), ("leaks", ["-s", "what=thread"], {"leaks"}),
    ("leaks", ["-s", "what=memory"], {"leaks"}),
]


def run(dir_, words, plugin, args):
    if not plugin.startswith("builtin:"):
        path = os.path.join(dir_, plugin + ".so")
        if not os.path.exists(path):
            shutil.copyfile(os.path.join(BUILD, "tests", "abi", plugin + ".so"), path)
            os.chmod(path, 0o755)
        plugin = path
    own = tempfile.mkdtemp(dir=dir_)
    for name in ("in", "uit"):
        os.mkdir(os.path.join(own, name))
    words = {**words, "DIR": own, "PORT": str(harness.free_port())}
    args = [re.sub(r"@(\w+)@", lambda m: words[m.group(1)], a) for a in args]
    done = subprocess.run([os.path.join(BUILD, "corv-adapter-test"), *args, plugin], capture_output=True,
                          text=True, timeout=300, check=False)
    # the clock on the wall of a busy machine is no judge of what is good
    quick = {"loop time"} if plugin != os.path.join(dir_, "blocks.so") else set()
    broken = set(re.findall(r"^FAIL  (.{12})", done.stdout, re.M))
    return {b.strip() for b in broken} - quick, done


def judge(dir_, words, case):
    wrong = case in WRONG
    expected = set(case[2]) if wrong else set()
    broken, done = run(dir_, words, case[0], case[1])
    if len(case) == 3 and not wrong:
        expected = set(case[2])
    least = "+" in expected
    expected.discard("+")
    good = expected <= broken if least else expected == broken
    good = good and (done.returncode == 1 if expected else done.returncode == 0 or "FAIL  loop time" in done.stdout)
    good = good and "to do: " in done.stdout if expected else good
    return None if good else "%s %s: broken %s, expected %s (exit %d)\n%s%s" % (
        case[0], case[1], sorted(broken), sorted(expected), done.returncode, done.stdout, done.stderr)


def main():
    dir_ = harness.folder("conform")
    try:
        pki = harness.Pki(dir_ + "/pki", {})
        words = {"CERT": pki.cert("server"), "KEY": pki.key("server"), "CA": pki.ca, "BUILD": BUILD}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            found = [f for f in pool.map(lambda c: judge(dir_, words, c), GOOD + WRONG) if f]
    finally:
        harness.remove(dir_)
    for f in found:
        print(f)
    print("%d adapters tried, %d surprises" % (len(GOOD) + len(WRONG), len(found)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
