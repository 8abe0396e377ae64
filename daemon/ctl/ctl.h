/* SPDX-License-Identifier: EUPL-1.2 */
/* What the verbs of corvctl share: options, configuration, database, output.
 * A verb prints for people (Dutch, 80 columns) or, with --json, one JSON value that stays the same
 * from version to version except for new members. Exit codes: 0 yes or done; 1 no: invalid, not
 * found, needs attention; 2 could not be done: wrong use, file or database not reachable.
 * Single thread. Tests: tests/unit/test_ctl*.c, tests/path/test_c03_ctl.py */
#ifndef CORV_CTL_CTL_H
#define CORV_CTL_CTL_H

#include <jansson.h>

#include "config/config.h"
#include "daemon/base/buf.h"
#include "daemon/base/fault.h"
#include "daemon/ctl/table.h"
#include "queue/inspect.h"

#define CORV_CTL_YES   0
#define CORV_CTL_NO    1
#define CORV_CTL_ERROR 2

struct corv_ctl {
    const char *config_path;
    bool config_given; /* --config was said */
    const char *verb;  /* for messages */
    bool json;
    bool color;
    struct corv_config *config;   /* owned; see corv_ctl_config */
    struct corv_inspect *inspect; /* owned; see corv_ctl_database */
    struct corv_buf out;          /* written to stdout at the end, or before a long wait */
};

typedef int (*corv_ctl_function)(struct corv_ctl *ctl, int argc, char **argv);
struct corv_ctl_verb { /* the list ends with name NULL */
    const char *name;  /* one or two words */
    const char *usage; /* what comes after the name */
    const char *help;  /* one line */
    const char *more;  /* for help VERB; or NULL */
    corv_ctl_function function;
};
extern const struct corv_ctl_verb corv_ctl_verbs[];

int corv_ctl_main(int argc, char **argv);

/* ---- options ------------------------------------------------------------------------------ */

struct corv_ctl_option { /* the list ends with name NULL */
    const char *name;    /* "--to" */
    const char **value;  /* filled; stays as it was when the option is not given */
};
/* Takes the options out of argv; what is left must be between least and most words. On false the
 * user has been told: return CORV_CTL_ERROR. */
bool corv_ctl_options(struct corv_ctl *ctl, int *argc, char **argv,
    const struct corv_ctl_option *options, int least, int most);
bool corv_ctl_number(struct corv_ctl *ctl, const char *name, const char *text, unsigned *out);

/* ---- configuration and database ------------------------------------------------------------ */

/* Loads once. On false the user has been told: return CORV_CTL_ERROR. */
bool corv_ctl_config(struct corv_ctl *ctl);
/* Loads too, but tells nobody: how many errors there are; 0 also when the file cannot be read. */
size_t corv_ctl_config_errors(struct corv_ctl *ctl);
bool corv_ctl_database(struct corv_ctl *ctl);
/* The database of ctl->config; says nothing, fills fault. */
CORV_MUST_CHECK corv_rc corv_ctl_connect(struct corv_ctl *ctl, struct corv_fault *fault);

/* A number of the daemon's own /metrics, without corvd_ in front; negative: not to be had. */
double corv_ctl_metric(const struct corv_config *c, const char *name);

/* ---- output ------------------------------------------------------------------------------- */

/* Tells on stderr (and as {"error":{…}} with --json) what went wrong. Returns the exit code. */
int corv_ctl_fault(struct corv_ctl *ctl, corv_rc rc, const struct corv_fault *fault);
int corv_ctl_complain(struct corv_ctl *ctl, int code, const char *stable, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void corv_ctl_printf(struct corv_ctl *ctl, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "Label      text", wrapped. */
void corv_ctl_line(struct corv_ctl *ctl, const char *label, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Prints the table and frees it. */
void corv_ctl_table_end(struct corv_ctl *ctl, struct corv_ctl_table *t);
/* Prints the value and drops the reference. */
void corv_ctl_json(struct corv_ctl *ctl, json_t *value);
void corv_ctl_flush(struct corv_ctl *ctl);

#endif
