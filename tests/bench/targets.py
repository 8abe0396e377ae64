# SPDX-License-Identifier: EUPL-1.2
"""The ratios of the bench with what they must be and what we want, and how all of it is printed: at
a glance on a terminal, or as tables for docs/performance.md."""
import os
import statistics


def medians(rounds):
    """One dict of numbers per round -> the median of each."""
    return {k: statistics.median(r[k] for r in rounds) for k in rounds[0]}


class Ratio:
    """value is compared with must and goal; more: more is better."""

    def __init__(self, name, value, must, goal, more=True, unit=""):
        self.name, self.value, self.must, self.goal, self.more, self.unit = name, value, must, goal, more, unit

    def reaches(self, bound):
        return self.value >= bound if self.more else self.value <= bound

    @property
    def verdict(self):
        if self.value is None:
            return "not measured"
        return "goal" if self.reaches(self.goal) else "must" if self.reaches(self.must) else "MISSED"

    def shape(self, n):
        text = "%.2f" if abs(n) < 10 else "%.1f" if abs(n) < 100 else "%.0f"
        return (text % n) + (" " + self.unit if self.unit else "")

    def cells(self):
        sign = ">=" if self.more else "<="
        return (self.name, "-" if self.value is None else self.shape(self.value), "%s %s" % (sign, self.shape(self.must)),
                "%s %s" % (sign, self.shape(self.goal)), self.verdict)


def over(a, b):
    return a / b if a is not None and b else None


def ratios(m):
    """m: {what: medians}; what was not measured is absent."""
    busy, alone = m["corvd"], m["corvd_alone"]
    rate = busy["delivered_s"]

    def per_s(name):
        return m[name]["per_s"] if name in m else None
    batched = [per_s(n) for n in ("pgboss_batch", "graphile_batch") if n in m]
    floor_yes = m["one"]["mean_us"] + m["nginx_alone"]["mean_us"] if "one" in m and "nginx_alone" in m else None
    return [
        Ratio("corvd / PostgreSQL floor, batches of 64", over(rate, per_s("cycle64")), .5, .7),
        Ratio("corvd / that floor with the content as it came", over(rate, per_s("whole64")), .5, .7),
        Ratio("corvd / pg-boss", over(rate, per_s("pgboss")), 2.5, 4),
        Ratio("corvd / graphile-worker", over(rate, per_s("graphile")), 3.5, 6),
        Ratio("corvd / ActiveMQ, single sends", over(rate, per_s("active")), 1.5, 2.5),
        Ratio("corvd / RabbitMQ quorum, mutual TLS, 32 in flight", over(rate, per_s("rabbit_tls")), .7, 1),
        Ratio("store layer / best batched PostgreSQL queue",
              over(per_s("queue"), max(batched) if batched else None), 1, 1.2),
        Ratio("mean yes, 1 connection / one-CTE commit + nginx", over(alone["mean_us"], floor_yes), 1.5, 1, more=False),
        Ratio("RSS under this load", busy["peak_mib"], 64, 48, more=False, unit="MiB"),
        Ratio("500,000 messages at this rate", 500000 / rate if rate else None, 200, 150, more=False, unit="s"),
    ]


CORVD = (("accepted_s", "acc/s", "%.0f"), ("delivered_s", "del/s", "%.0f"), ("mean_us", "yes", "ms"),
         ("yes50_us", "p50", "ms"), ("yes99_us", "p99", "ms"), ("way50_us", "p50", "ms"), ("way99_us", "p99", "ms"),
         ("corvd_us", "corvd", "%.0f"), ("postgres_us", "pg", "%.0f"), ("load_us", "load", "%.0f"),
         ("peak_mib", "RSS", "%.0f"))

BESIDE = (("cycle64", "PostgreSQL floor: insert, lease, settle by 64"), ("cycle256", "the same by 256"),
          ("whole64", "by 64, the content as it came: not packed"),
          ("leased64", "born leased (nothing read back) by 64"), ("leased256", "the same by 256"),
          ("queue", "store layer alone (bench_queue, 256 at once)"), ("one", "one-CTE commit, 1 connection"),
          ("xsd", "libxml2 DOM + XSD alone"), ("verdict", "our reader, schema and envelope alone"),
          ("nginx", "nginx takes the POST, mutual TLS, 64 connections"), ("nginx_alone", "the same, 1 connection"),
          ("curl", "libcurl posts it, mutual TLS, keep-alive"), ("pgboss", "pg-boss, single sends"),
          ("pgboss_batch", "pg-boss, batches of 64"), ("graphile", "graphile-worker, single addJob"),
          ("graphile_batch", "graphile-worker, add_jobs of 64"), ("rabbit", "RabbitMQ quorum queue, plain"),
          ("rabbit_tls", "RabbitMQ quorum queue, mutual TLS"), ("active", "ActiveMQ, persistent, single sends"))


def ceiling(m, processors):
    """What all CPU time together allows; hardly moved by what else this machine does."""
    all_us = sum(m["corvd"][k] for k in ("corvd_us", "postgres_us", "load_us"))
    return "All CPU time together is %.0f us per message: at most %.0f/s on %d processors." % (
        all_us, processors * 1e6 / all_us, processors)


def text(value, shape):
    return "%.2f" % (value / 1000) if shape == "ms" else shape % value


def corvd_rows(m):
    for key, name in (("corvd", "64 connections"), ("corvd_alone", "1 connection")):
        if key in m:
            yield [name] + [text(m[key][k], s) for k, _, s in CORVD]


def beside_rows(m):
    def cell(row, key, shape="%.0f"):
        return text(row[key], shape) if key in row else ""
    for key, name in BESIDE:
        if key in m:
            yield [name, cell(m[key], "per_s"), cell(m[key], "mean_us", "ms"), cell(m[key], "own_us"),
                   cell(m[key], "postgres_us")]


def grid(head, rows, widths, out):
    for row in [head] + list(rows):
        out.append(row[0].ljust(widths[0]) + "".join(str(c).rjust(w) for c, w in zip(row[1:], widths[1:])))


def terminal(m, absent, wrong):
    out = ["", "corvd, everything on these processors: yes and delivery in ms, CPU in us per message, RSS MiB"]
    grid([""] + [h for _, h, _ in CORVD], corvd_rows(m), [15] + [7, 7, 7, 7, 8, 8, 8, 7, 6, 6, 5], out)
    out.append("(yes: mean, p50, p99 of accepting; then p50, p99 from the yes to the partner)")
    out.append(ceiling(m, os.cpu_count()))
    out += ["", "Below and beside it"]
    grid(["", "per s", "mean ms", "CPU us", "pg us"], beside_rows(m), [52, 9, 9, 9, 9], out)
    out += ["", "Ratios"]
    grid(["", "now", "must", "goal", ""], [r.cells() for r in ratios(m)], [50, 10, 11, 11, 14], out)
    out += ["", *("NOT MEASURED: %s: %s" % a for a in sorted(absent.items()))]
    out += ["WRONG: " + w for w in wrong] or ["Counts at both ends, database and audit trail agree."]
    return "\n".join(out)


def markdown_table(head, rows, out):
    out.append("| " + " | ".join(head) + " |")
    out.append("|---|" + "---:|" * (len(head) - 1))
    out += ["| " + " | ".join(str(c) for c in row) + " |" for row in rows]
    out.append("")


def markdown(m, absent, wrong, machine):
    out = ["", machine, ""]
    markdown_table(["ratio", "now", "must", "goal", "reached"], [r.cells() for r in ratios(m)], out)
    markdown_table(["corvd", "accepted/s", "delivered/s", "mean yes ms", "p50 yes", "p99 yes", "p50 delivery",
                    "p99 delivery", "corvd us", "PostgreSQL us", "load us", "RSS MiB"], corvd_rows(m), out)
    out += [ceiling(m, os.cpu_count()), ""]
    markdown_table(["below and beside", "per second", "mean ms", "own CPU us", "PostgreSQL us"], beside_rows(m), out)
    out += ["Not measured: %s: %s." % a for a in sorted(absent.items())]
    out += ["**Wrong:** " + w for w in wrong]
    return "\n".join(out)
