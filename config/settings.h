/* SPDX-License-Identifier: EUPL-1.2 */
/* The settings table (settings.def) as data: for the reader and for docs/settings.md.
 * Static storage, any thread. Test: tests/unit/test_config_settings.c */
#ifndef CORV_CONFIG_SETTINGS_H
#define CORV_CONFIG_SETTINGS_H

#include <stdint.h>

#include "daemon/base/buf.h"

enum corv_setting_type {
    CORV_SET_TEXT,
    CORV_SET_NAME,
    CORV_SET_FILE,
    CORV_SET_PATH,
    CORV_SET_ADDRESS,
    CORV_SET_OIN,
    CORV_SET_LEVEL,
    CORV_SET_BOOL,
    CORV_SET_NUMBER,
    CORV_SET_BYTES,
    CORV_SET_DATE,
    CORV_SET_TEXTS,
};

enum corv_setting_reload { CORV_RELOAD_RESTART, CORV_RELOAD_CONNECT, CORV_RELOAD_NEXT };

struct corv_setting_row {
    const char *place; /* "", "listen", "parties[]", "parties[].roles[]", … */
    const char *key;
    const char *default_text; /* NULL: required; "": not set; "auto" */
    const char *text;         /* Dutch, for people */
    uint64_t min;
    uint64_t max; /* 0 with min 0: no bounds */
    enum corv_setting_type type;
    enum corv_setting_reload reload;
};

extern const struct corv_setting_row corv_settings[];
extern const unsigned corv_settings_count;

/* docs/settings.md. The buffer says when it failed. */
void corv_settings_print(struct corv_buf *out);
/* docs/man/corvd.yaml.5, likewise. */
void corv_settings_man(struct corv_buf *out);

#endif
