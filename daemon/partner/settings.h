/* SPDX-License-Identifier: EUPL-1.2 */
/* The settings of corv-partner, a YAML file of its own (docs/ketentest.md):
 *   corvd: intake, dai, admin (where corvd is), state_dir (only for the verb config)
 *   listen: address, host, port (where corv-partner is)
 *   certificates: folder with ca.pem, partner.pem and one pair per party
 *   application: where the application under test is, instead of a simulated one (play only)
 * Owner: whoever called _load. Test: tests/unit/test_partner.c */
#ifndef CORV_PARTNER_SETTINGS_H
#define CORV_PARTNER_SETTINGS_H

#include "daemon/base/rc.h"

struct partner_corvd {
    char *intake; /* https://HOST:PORT */
    char *dai;    /* https://HOST:PORT/dai */
    char *admin;  /* path of a unix socket, or http://127.0.0.1:PORT */
    char *state_dir;
};
struct partner_listen {
    char *address; /* numeric */
    char *host;    /* the name corvd knows us by, as in partner.pem */
    unsigned port;
};
struct partner_settings {
    struct partner_corvd corvd;
    struct partner_listen listen;
    char *certificates;
    char *application;
};

/* On anything but CORV_OK stderr has heard why. */
CORV_MUST_CHECK corv_rc partner_settings_load(const char *path, struct partner_settings **out);
void partner_settings_free(struct partner_settings *s); /* accepts NULL */
/* The part after the scheme: port of "https://host:port/…", 443 without one, 0 when it is none. */
unsigned partner_url_port(const char *url);

#endif
