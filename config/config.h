/* SPDX-License-Identifier: EUPL-1.2 */
/* The configuration as the operator wrote it (corvd.yaml), read with libcyaml and checked as a
 * whole: a struct corv_config that exists is a good one. It is immutable; a reload builds a new
 * one aside. Reference counted, because a message under way keeps the one it was judged by.
 * Thread: read-only from any thread; hold/free on the loop thread only.
 * Errors: findings of layer "config", all at once, each with the line in the file.
 * Test: tests/unit/test_config.c */
#ifndef CORV_CONFIG_CONFIG_H
#define CORV_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/finding.h"
#include "daemon/base/view.h"

#define CORV_LAWFUL_HOURS 24         /* content may live so long without a ground of its own */
#define CORV_CONFIG_BYTES (4u << 20) /* a larger file is refused */

/* Days as YYYYMMDD in the Dutch calendar; 0 = open. until is the last day included. */
struct corv_period {
    int from;
    int until;
};

/* Roles in the chain (CHAIN.md, "Parties and roles"); one organisation can hold several. */
enum corv_role {
    CORV_ROLE_GEMEENTE,        /* "gemeente" */
    CORV_ROLE_GEMANDATEERDE,   /* "gemandateerde": lokaal team, CJG, … files by mandate only */
    CORV_ROLE_VEILIG_THUIS,    /* "veilig-thuis": own right, Wmo 4.1.1 */
    CORV_ROLE_GI,              /* "gi": own right, Jeugdwet 3.1 */
    CORV_ROLE_RAAD,            /* "raad" */
    CORV_ROLE_POLITIE,         /* "politie" */
    CORV_ROLE_HALT,            /* "halt" */
    CORV_ROLE_OM,              /* "om": OM, CJIB/AICE */
    CORV_ROLE_RECHTBANK,       /* "rechtbank" */
    CORV_ROLE_VEILIGHEIDSTEAM, /* "veiligheidsteam": toekomstscenario */
    CORV_ROLE_COUNT,
};

const char *corv_role_name(enum corv_role role); /* static */
CORV_MUST_CHECK corv_rc corv_role_read(const char *name, enum corv_role *role);

struct corv_party_role {
    enum corv_role role;
    struct corv_period period;
};

struct corv_party {
    const char *id;           /* [a-z0-9-]{1,40}, unique */
    const char *name;         /* for people */
    const char *oin;          /* 20 digits, unique among parties valid at the same time */
    const char *gemeentecode; /* 4 digits, or NULL */
    const char *adapter;      /* name of an entry of adapters[]; NULL: cannot receive */
    const char *address;      /* where that adapter delivers, e.g. an URL; NULL: cannot receive */
    struct corv_party_role *roles;
    unsigned roles_count;
    const char **woonplaatsen; /* places of residence that belong to this gemeente (BAG names) */
    unsigned woonplaatsen_count;
    const char **acts_for; /* ids of parties in whose name (zender) this one may send */
    unsigned acts_for_count;
    unsigned max_in_flight; /* 0 = delivery.max_in_flight */
    unsigned silence_hours; /* 0: learned */
    struct corv_period period;
    int line; /* in the file, for explanations */
};

/* "party may file these kinds on behalf of gemeente" with its ground (Flevoland bijlage 3). */
struct corv_mandate {
    const char *party;    /* id */
    const char *gemeente; /* id */
    const char **kinds;   /* message kinds, e.g. vtoDi01 */
    unsigned kinds_count;
    struct corv_period period;
    const char *ground; /* decision or publication, for the audit */
    int line;
};

enum corv_target {
    CORV_TO_ONTVANGER,     /* "ontvanger": the OIN in the message */
    CORV_TO_ROLE,          /* "role:raad": the party that holds the role on that day; when several
                              do, the ontvanger in the message says which */
    CORV_TO_PARTY,         /* "party:ID" */
    CORV_TO_GEMEENTE_KIND, /* "gemeente-van-kind": by the child's woonplaats or gemeente code */
};

enum corv_form {
    CORV_AS_BERICHT,      /* "bericht": the bytes received, unchanged (Regeling 2.1) */
    CORV_AS_KENNISGEVING, /* "kennisgeving": notice without content */
};

#define CORV_ROUTES_SAME_KIND 8 /* valid on one day for one kind; more is an error */

struct corv_route {
    const char *name; /* [a-z0-9-]{1,40}, unique; this is what is stored with a delivery */
    const char *kind; /* local name of the root, e.g. vtoDi01 */
    enum corv_role *from;
    unsigned from_count; /* 0 = any */
    enum corv_target target;
    enum corv_role target_role; /* for CORV_TO_ROLE */
    const char *target_party;   /* for CORV_TO_PARTY */
    enum corv_form form;
    struct corv_period period;
    int line;
};

/* Which imported schema set judges which messages, and from which day ("corvctl schemas"). */
struct corv_schema_rule {
    const char *set;    /* name, beginning of the hash, or "eigen" */
    const char **kinds; /* none: all that the set knows */
    unsigned kinds_count;
    const char *party; /* id of the sending party, NULL: all */
    struct corv_period period;
    int line;
};

enum corv_mode {
    CORV_MODE_OFF,
    CORV_MODE_WARN,
    CORV_MODE_ENFORCE
}; /* uit, waarschuwen, afdwingen */

/* In which mode a rule beyond the schema is applied, per partner and from which day. */
struct corv_rule_mode_setting {
    const char *rule;  /* id, may hold * */
    const char *party; /* id of the sending party, NULL: all */
    enum corv_mode mode;
    int from;
    int line;
};

struct corv_setting {
    const char *key;
    const char *value;
};

struct corv_adapter_entry {
    const char *name;    /* unique; parties refer to it */
    const char *library; /* "builtin:https" or the path of a .so */
    struct corv_setting *settings;
    unsigned settings_count;
    int line;
};

struct corv_config {
    const char *path;         /* of the file it came from */
    const char *node;         /* this daemon's name among its fellows, default the host name */
    const char *oin;          /* our own OIN, zender of the foutmeldingen we make; 20 digits */
    const char *application;  /* applicatie in those; default "corvd" */
    const char *state_dir;    /* default /var/lib/corvd */
    const char *database;     /* "embedded" or a libpq connection string */
    const char *keys_dir;     /* shared by all nodes; NULL: keys in state_dir */
    const char *log_level;    /* default "info" */
    unsigned workers;         /* threads for XML and crypto; default: number of processors */
    bool synchronous_standby; /* work only while a COMMIT waits for a standby */
    bool production;          /* true refuses test certificates and the simulator */

    struct {
        const char *address;     /* default 0.0.0.0 */
        unsigned port;           /* 0 = chosen by the kernel and logged */
        const char *certificate; /* PEM chain */
        const char *key;         /* PEM */
        const char *client_ca;   /* PEM bundle the clients' certificates must come from */
        const char *client_crl;  /* PEM, optional */
    } listen;
    struct {
        const char *socket;  /* unix socket path, or NULL */
        const char *address; /* loopback only; used when socket is NULL; default 127.0.0.1 */
        unsigned port;
    } admin;
    struct {
        uint64_t body_bytes;        /* default 36700160 (35 MiB) */
        uint64_t total_body_bytes;  /* of all requests together, default 256 MiB: then 503 */
        unsigned header_bytes;      /* default 16384 */
        unsigned connections;       /* default 2000 */
        unsigned header_seconds;    /* default 10 */
        unsigned body_seconds;      /* default 120 for the whole body */
        unsigned idle_seconds;      /* keep-alive, default 75 */
        unsigned handshake_seconds; /* default 10 */
        unsigned pipeline;          /* messages between intake and COMMIT, default 1000: then 503 */
        unsigned pipeline_per_party; /* of one sender, default 250: then 503 for that one */
    } limits;
    struct {
        unsigned max_in_flight;       /* per destination, default 8 */
        unsigned lease_seconds;       /* default 120 */
        unsigned timeout_seconds;     /* per attempt, default 60 */
        unsigned retry_first_seconds; /* default 5 */
        unsigned retry_max_seconds;   /* default 3600 */
        unsigned give_up_seconds;     /* default 183600 (51 h, as the CORV agreement's 17 x 3 h) */
        const char *certificate;      /* our client certificate, PEM chain */
        const char *key;
        const char *ca; /* whom we trust as a server */
    } delivery;
    struct {
        unsigned payload_hours; /* content is gone so long after the last confirmation; 24 */
        const char *ground;     /* why more than 24, or NULL */
        unsigned traffic_days;  /* traffic data is gone after so many days; 180 */
    } retention;
    struct {
        const char *command;      /* run when an alarm begins, gets worse or is over; or NULL */
        unsigned partner_seconds; /* unreachable for so long; 120 */
        unsigned due_seconds;     /* a delivery lies there for so long; 900 */
        unsigned disk_percent;    /* free at state_dir; 10 */
        bool silence;             /* a party from which nothing comes; true */
    } alarms;

    struct corv_party *parties;
    unsigned parties_count;
    struct corv_mandate *mandates;
    unsigned mandates_count;
    struct corv_route *routes;
    unsigned routes_count;
    struct corv_schema_rule *schemas;
    unsigned schemas_count;
    struct corv_rule_mode_setting *rules;
    unsigned rules_count;
    struct corv_adapter_entry *adapters;
    unsigned adapters_count;
    char digest[65]; /* SHA-256 of the file, stored with every routing decision */
    const struct corv_parties_index *index; /* for parties.h; made by corv_config_load */
};

/* Reads and checks. On CORV_OK *out is owned by the caller (one reference). */
CORV_MUST_CHECK corv_rc corv_config_load(
    const char *path, struct corv_config **out, struct corv_findings *findings);
/* The same from bytes already read; path names the file for findings and relative paths. */
CORV_MUST_CHECK corv_rc corv_config_read(const char *path, struct corv_view bytes,
    struct corv_config **out, struct corv_findings *findings);
struct corv_config *corv_config_hold(struct corv_config *c);
void corv_config_free(struct corv_config *c); /* gives one reference back; accepts NULL */

#endif
