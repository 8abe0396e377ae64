/* SPDX-License-Identifier: EUPL-1.2 */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/build_up.h"
#include "daemon/certs.h"
#include "daemon/reload.h"
#include "daemon/servers.h"
#include "queue/embedded_pg.h"

#define DRAIN_MS    20000 /* for each part in turn: listener, adapters, queue */
#define STOP_MS     60000 /* for all of it */
#define SIGNALS     3
#define LARGE_BYTES (1 << 20)

struct options {
    const char *config;
    bool check;
};

static int usage(FILE *to, int code)
{
    (void)fputs("Gebruik: corvd --config BESTAND [--check]\n"
                "  --config BESTAND  de configuratie (zie corvd.yaml.example)\n"
                "  --check           alleen de configuratie nakijken\n"
                "  --version         versie\n",
        to);
    return code;
}

/* Returns -1 to go on, else an exit code. */
static int read_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {{"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'k'}, {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
        if (c == 'c')
            o->config = optarg;
        else if (c == 'k')
            o->check = true;
        else if (c == 'v')
            return puts("corvd " CORV_VERSION) < 0 ? EX_IOERR : EX_OK;
        else
            return usage(c == 'h' ? stdout : stderr, c == 'h' ? EX_OK : EX_USAGE);
    }
    return o->config && optind == argc ? -1 : usage(stderr, EX_USAGE);
}

static void show(const struct corv_findings *f, const char *path)
{
    for (size_t i = 0; i < f->count; i++)
        (void)fprintf(stderr, "%s:%d: %s: %s [%s]\n", path, f->list[i].line,
            f->list[i].severity == CORV_SEV_ERROR ? "fout" : "let op", f->list[i].text,
            f->list[i].code);
    if (f->dropped)
        (void)fprintf(stderr, "%s: en nog %zu bevindingen\n", path, f->dropped);
}

static int load(const struct options *o, struct corv_config **config)
{
    struct corv_findings findings;
    int code = EX_OK;

    corv_findings_init(&findings);
    if (corv_config_load(o->config, config, &findings) != CORV_OK) {
        show(&findings, o->config);
        (void)fprintf(stderr, "corvd: de configuratie deugt niet; corvd start niet\n");
        code = EX_CONFIG;
    } else {
        corv_certs_check(*config, &findings);
        corv_servers_check(*config, &findings);
        if (o->check) /* a start is not refused for all of that */
            corv_certs_judge(*config, &findings);
        code = findings.errors > 0 ? EX_CONFIG : EX_OK;
        if (o->check || code != EX_OK)
            show(&findings, o->config);
        if (o->check && code == EX_OK)
            (void)printf("%s: in orde\n", o->config);
    }
    corv_findings_free(&findings);
    return code;
}

/* Nothing is lost: what is not settled is in the database, and the leases run out. The private
 * PostgreSQL gets its order to stop and does so by itself. */
static void end_at_once(struct corv_app *app, const char *why)
{
    CORV_LOG(WARNING, "daemon.cut-short", NULL, CORV_F(WHAT, why));
    if (app->embedded && corv_embedded_pg_pid(app->embedded) > 0)
        (void)kill(corv_embedded_pg_pid(app->embedded), SIGINT);
    _exit(EX_TEMPFAIL);
}

static void limit_reached(uv_timer_t *timer)
{
    end_at_once(timer->data, "limit");
}

/* Test builds may have less: a test of the limit must not take a minute. */
static unsigned drain_ms(void)
{
#ifdef CORV_CRASH_POINTS
    const char *ms = getenv("CORVD_DRAIN_MS");

    if (ms)
        return (unsigned)strtoul(ms, NULL, 10);
#endif
    return DRAIN_MS;
}

/* handle->data is the limit's timer, whose data is the app. */
static void stop_came(uv_signal_t *handle, int signum)
{
    uv_timer_t *limit = handle->data;
    struct corv_app *app = limit->data;

    CORV_LOG(INFO, "daemon.signal", NULL, CORV_N(COUNT, signum));
    if (app->draining || app->unwanted)
        end_at_once(app, "second-signal");
    (void)uv_timer_start(limit, limit_reached, STOP_MS, 0);
    uv_unref((uv_handle_t *)limit);
    if (app->built)
        corv_drain(app, drain_ms());
    else
        app->unwanted = true;
}

static void reload_came(uv_signal_t *handle, int signum)
{
    uv_timer_t *limit = handle->data;
    corv_rc rc = corv_reload(limit->data, NULL, NULL, NULL);

    (void)signum;
    if (rc != CORV_OK && rc != CORV_AGAIN)
        CORV_LOG(WARNING, "config.not-reloaded", NULL, CORV_F(CODE, corv_rc_name(rc)));
}

static void watch_signals(struct corv_app *app, uv_signal_t *signals, uv_timer_t *limit)
{
    static const int which[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

    (void)signal(SIGPIPE, SIG_IGN);
    (void)uv_timer_init(&app->loop, limit);
    limit->data = app;
    for (size_t i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(&app->loop, &signals[i]);
        signals[i].data = limit;
        (void)uv_signal_start(&signals[i], which[i] == SIGHUP ? reload_came : stop_came, which[i]);
    }
}

/* Only now: a loop on which nothing counts is not run at all, and the start must hear a signal. */
static void let_loop_end(uv_signal_t *signals)
{
    for (size_t i = 0; i < SIGNALS; i++)
        uv_unref((uv_handle_t *)&signals[i]);
}

/* libuv's threads, for what waits on a file, a name or an adapter: as many as the adapters can hold
 * at once (daemon/host/work.c), and some for corvd itself, or a folder that hangs would keep it
 * from its database. */
static void set_chore_threads(const struct corv_config *c)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%u", 2 * c->adapters_count + 4);
    (void)setenv("UV_THREADPOOL_SIZE", text, 1);
}

static int not_started(const struct corv_app *app, const struct corv_fault *fault)
{
    if (app->unwanted) {
        CORV_LOG(INFO, "daemon.start-abandoned", NULL,
            CORV_F(REASON, "Gestopt op verzoek terwijl de start op de database wachtte; er is "
                           "niets aangenomen."));
        return EX_OK;
    }
    CORV_LOG(ERROR, "daemon.not-started", NULL, CORV_F(CODE, fault->code[0] ? fault->code : NULL),
        CORV_F(REASON, fault->text[0] ? fault->text : NULL));
    (void)fprintf(
        stderr, "corvd: niet gestart: %s\n", fault->text[0] ? fault->text : "geen geheugen");
    return fault->cls == CORV_FAULT_SETTINGS ? EX_CONFIG : EX_UNAVAILABLE;
}

/* Test builds only: what takes a day must not take a day. */
static void shift_clock(void)
{
#ifdef CORV_CRASH_POINTS
    const char *seconds = getenv("CORVD_CLOCK_SHIFT_S");
    const char *file = getenv("CORVD_CLOCK_FILE");

    if (seconds)
        corv_clock_shift_us(strtoll(seconds, NULL, 10) * 1000000);
    if (file)
        corv_clock_follow(file);
#endif
}

/* A body, its sealed form and libpq's buffers go back to the kernel when they are freed. Left to
 * itself glibc raises this bound to 32 MiB after the first of them, and keeps what follows. */
static void keep_memory_small(void)
{
#ifdef M_MMAP_THRESHOLD
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
}

static int run(struct corv_config *config_take)
{
    static struct corv_app app;
    static uv_signal_t signals[SIGNALS];
    static uv_timer_t limit;
    struct corv_fault fault = {0};
    enum corv_log_level level = CORV_LOG_INFO;
    int code = EX_OK;

    keep_memory_small();
    app.config = config_take;
    if (corv_log_level_read(app.config->log_level, &level) == CORV_OK)
        corv_log_set_level(level);
    corv_log_find_journal();
    set_chore_threads(app.config);
    shift_clock();
    if (uv_loop_init(&app.loop) != 0)
        return EX_OSERR;
    (void)uv_loop_configure(&app.loop, UV_METRICS_IDLE_TIME);
    watch_signals(&app, signals, &limit);
    app.built = corv_build_up(&app, &fault) == CORV_OK;
    let_loop_end(signals);
    if (app.built)
        (void)uv_run(&app.loop, UV_RUN_DEFAULT);
    else
        code = not_started(&app, &fault);
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&signals[i], NULL);
    uv_close((uv_handle_t *)&limit, NULL);
    corv_take_down(&app, drain_ms());
    (void)uv_loop_close(&app.loop);
    CORV_LOG(INFO, "daemon.stopped", NULL, CORV_N(COUNT, code));
    return code;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct corv_config *config = NULL;
    int code = read_options(argc, argv, &o);

    if (code >= 0)
        return code;
    code = load(&o, &config);
    if (code != EX_OK || o.check) {
        corv_config_free(config);
        return code;
    }
    return run(config);
}
