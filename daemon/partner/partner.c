/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/partner.h"

#include <curl/curl.h>
#include <libxml/parser.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/partner/listen.h"

#define TICK_MS 10

static void ticked(uv_timer_t *t)
{
    (void)t; /* its only work is to end a turn of the loop */
}

static void interrupted(uv_signal_t *handle, int signum)
{
    struct partner *p = handle->data;

    if (p->stop)
        _exit(128 + signum);
    p->stop = true;
}

static void watch_signals(struct partner *p)
{
    static const int which[PARTNER_SIGNALS] = {SIGINT, SIGTERM};

    for (int i = 0; i < PARTNER_SIGNALS; i++) {
        (void)uv_signal_init(&p->loop, &p->signals[i]);
        p->signals[i].data = p;
        (void)uv_signal_start(&p->signals[i], interrupted, which[i]);
    }
}

corv_rc partner_open(struct partner *p, const char *settings)
{
    *p = (struct partner){.settings = NULL};
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || uv_loop_init(&p->loop) != 0)
        return CORV_E_NOMEM;
    xmlInitParser();
    p->looping = true;
    (void)uv_timer_init(&p->loop, &p->tick);
    (void)uv_timer_start(&p->tick, ticked, TICK_MS, TICK_MS);
    watch_signals(p);
    (void)snprintf(p->run, sizeof p->run, "%llx",
        (unsigned long long)((uint64_t)corv_clock_us() / 1000 & 0xffffffffffull));
    corv_rc rc = partner_scenarios_load(&p->scenarios);

    return rc == CORV_OK && settings ? partner_settings_load(settings, &p->settings) : rc;
}

corv_rc partner_meet(struct partner *p)
{
    char why[240] = "";
    corv_rc rc = partner_about_ask(p, &p->about, why, sizeof why);

    if (rc == CORV_OK && p->about.production) {
        (void)snprintf(why, sizeof why,
            "corvd op %s zegt production: true. Daar stuurt corv-partner nooit iets heen.",
            p->about.node);
        rc = CORV_E_STATE;
    }
    if (rc != CORV_OK)
        (void)fprintf(stderr, "corv-partner: %s\n", why);
    return rc;
}

void partner_close(struct partner *p)
{
    partner_listener_free(p);
    if (p->looping) {
        uv_close((uv_handle_t *)&p->tick, NULL);
        for (int i = 0; i < PARTNER_SIGNALS; i++)
            uv_close((uv_handle_t *)&p->signals[i], NULL);
        (void)uv_run(&p->loop, UV_RUN_DEFAULT);
        (void)uv_loop_close(&p->loop);
        p->looping = false;
    }
    partner_about_free(&p->about);
    partner_scenarios_free(&p->scenarios);
    partner_settings_free(p->settings);
    p->settings = NULL;
    curl_global_cleanup();
    xmlCleanupParser();
}

bool partner_wait(struct partner *p, bool (*check)(void *ctx), void *ctx, unsigned ms)
{
    int64_t until = corv_clock_mono_us() + (int64_t)ms * 1000;

    while (!p->stop) {
        if (check(ctx))
            return true;
        if (corv_clock_mono_us() >= until)
            return false;
        (void)uv_run(&p->loop, UV_RUN_ONCE);
    }
    return false;
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

void partner_pause(struct partner *p, unsigned ms)
{
    (void)partner_wait(p, never, NULL, ms);
}

void partner_number(struct partner *p, const char *what, char *out, size_t size)
{
    (void)snprintf(out, size, "TEST-%s-%s-%u", what, p->run, ++p->number);
}
