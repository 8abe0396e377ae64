/* SPDX-License-Identifier: EUPL-1.2 */
/* Structured log: one JSON line per event on stderr (systemd's journal takes it as it is).
 * Only typed fields can be logged and each type only lets through its own alphabet, so message
 * content, names and BSNs cannot get into a log line by accident (promise 5). A value that does
 * not fit its type is written as "?" and counted.
 * Any thread. Test: tests/unit/test_log.c; docs/log-events.md lists the events. */
#ifndef CORV_BASE_LOG_H
#define CORV_BASE_LOG_H

#include <stdint.h>

#include "daemon/base/id.h"

enum corv_log_level {
    CORV_LOG_ERROR,   /* an operator must act */
    CORV_LOG_WARNING, /* an operator should know */
    CORV_LOG_INFO,    /* once per step of a message */
    CORV_LOG_DEBUG,   /* by request */
};

/* Field types. The name of the field in the line is fixed by the type. */
enum corv_log_type {
    CORV_LF_END = 0,
    CORV_LF_PARTY,   /* id from the configuration: [a-z0-9-] */
    CORV_LF_TO,      /* the other party, same alphabet */
    CORV_LF_ROUTE,   /* route name */
    CORV_LF_ADAPTER, /* adapter or plug-in name */
    CORV_LF_KIND,    /* message kind */
    CORV_LF_STATE,   /* name of a state */
    CORV_LF_CODE,    /* stable dotted code */
    CORV_LF_WHAT,    /* a word or path of ours: [A-Za-z0-9._:/@+-] up to 200 */
    CORV_LF_PEER,    /* IP address and port */
    CORV_LF_OIN,     /* digits */
    CORV_LF_REASON,  /* a sentence written in our source or by a library about our own
                        configuration, files or connections; never about message content */
    CORV_LF_ID2,     /* a second message number, as text */
    CORV_LF_DIGEST,  /* hexadecimal */
    CORV_LF_COUNT,
    CORV_LF_BYTES,
    CORV_LF_MS,
    CORV_LF_US,
    CORV_LF_STATUS, /* HTTP status */
    CORV_LF_ATTEMPT,
    CORV_LF_PID,
    CORV_LF_LINE,
    CORV_LF_TYPES,
};

struct corv_log_field {
    enum corv_log_type type;
    const char *s; /* borrowed for the call; for text types */
    int64_t i;     /* for number types */
};

#define CORV_F(type, text)   ((struct corv_log_field){CORV_LF_##type, (text), 0})
#define CORV_N(type, number) ((struct corv_log_field){CORV_LF_##type, 0, (int64_t)(number)})

/* CORV_LOG(INFO, "deliver.done", id or NULL, CORV_F(TO, party), CORV_N(ATTEMPT, 3)); */
#define CORV_LOG(level, event, id, ...)                                                            \
    corv_log_write(CORV_LOG_##level, (event), (id),                                                \
        (const struct corv_log_field[]){__VA_ARGS__ __VA_OPT__(, ){CORV_LF_END, 0, 0}})

void corv_log_write(enum corv_log_level level, const char *event, const struct corv_id *id,
    const struct corv_log_field *fields);
void corv_log_set_level(enum corv_log_level level); /* default INFO */
/* Under systemd each line begins with its priority, so that journalctl -p finds it. At start. */
void corv_log_find_journal(void);
void corv_log_set_fd(int fd); /* default 2; tests use a pipe */
/* From now on lines go to tap, from any thread, instead of to the descriptor. */
typedef void (*corv_log_tap)(
    enum corv_log_level level, const char *event, const struct corv_log_field *fields);
void corv_log_set_tap(corv_log_tap tap);
/* Reads "error", "warning", "info", "debug". */
CORV_MUST_CHECK corv_rc corv_log_level_read(const char *text, enum corv_log_level *level);
uint64_t corv_log_censored(void); /* values replaced by "?" since start */

#endif
