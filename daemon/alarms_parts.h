/* SPDX-License-Identifier: EUPL-1.2 */
/* The inside of the alarms, for alarms*.c only. */
#ifndef CORV_DAEMON_ALARMS_PARTS_H
#define CORV_DAEMON_ALARMS_PARTS_H

#include <stdatomic.h>

#include "daemon/alarms.h"
#include "daemon/silence.h"

#define CORV_ALARMS_ADAPTERS 64
#define CORV_ALARM_LINES     30 /* in a minute */

struct corv_alarm_hook;

struct corv_alarms_adapter { /* as it was at the last look */
    uint64_t call_us, slow_calls, deaths;
};

struct corv_alarms {
    struct corv_app *app;
    uv_timer_t timer;
    struct corv_incidents t;
    struct corv_alarm_hook *hook;
    int64_t looked_us; /* wall clock: the heartbeat */
    int64_t mono_us;
    unsigned tick_ms;
    /* the log */
    int64_t minute_us;
    unsigned lines;
    uint64_t lines_dropped;
    /* as they were at the last look */
    uint64_t unavailable, pool_refused;
    struct corv_alarms_adapter adapters[CORV_ALARMS_ADAPTERS];
    /* the disk */
    uv_fs_t disk;
    int64_t disk_us; /* monotonic: last asked */
    bool disk_busy;
    bool disk_known;
    unsigned disk_free; /* percent */
    /* keeping */
    uv_work_t save;
    char *save_text;           /* owned, while it is being written */
    const char *state_dir;     /* of the first configuration, which is kept */
    struct corv_config *first; /* counted */
    uint64_t saved;            /* t.changes as last written */
    bool saving;
    bool save_failed;
    /* silence (alarms_silence.c) */
    struct corv_silence silence;
    int64_t silence_us; /* monotonic: when to look next */
    bool learning;
    atomic_bool quit;
    bool stopped;
};

/* One look at everything (alarms_look.c). */
void corv_alarms_look(struct corv_alarms *a);
/* Asks once an hour, and judges (alarms_silence.c). */
void corv_alarms_silence(struct corv_alarms *a, int64_t now_us);

#endif
