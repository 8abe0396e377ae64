/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/ctl/json.h"
#include "daemon/ctl/text.h"
#include "daemon/servers.h"
#include "queue/embedded_pg.h"
#include "queue/primary.h"

#define LABEL 13

/* ---- output ------------------------------------------------------------------------------- */

void corv_ctl_flush(struct corv_ctl *ctl)
{
    if (ctl->out.n > 0)
        (void)fwrite(ctl->out.p, 1, ctl->out.n, stdout);
    (void)fflush(stdout);
    corv_buf_reset(&ctl->out);
}

void corv_ctl_printf(struct corv_ctl *ctl, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)corv_buf_add_str(&ctl->out, text);
}

void corv_ctl_line(struct corv_ctl *ctl, const char *label, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    corv_ctl_wrap(&ctl->out, label, LABEL, text);
}

void corv_ctl_table_end(struct corv_ctl *ctl, struct corv_ctl_table *t)
{
    corv_ctl_table_write(t, &ctl->out, ctl->color);
    corv_ctl_table_free(t);
}

void corv_ctl_json(struct corv_ctl *ctl, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY) : NULL;

    (void)corv_buf_add_str(&ctl->out, text ? text : "{\"error\": {\"code\": \"ctl.memory\"}}");
    (void)corv_buf_add_str(&ctl->out, "\n");
    free(text);
    json_decref(value);
}

int corv_ctl_complain(struct corv_ctl *ctl, int code, const char *stable, const char *fmt, ...)
{
    char text[512];
    struct corv_buf line;
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    corv_ctl_flush(ctl);
    corv_buf_init(&line, 4096);
    corv_ctl_wrap(&line, "corvctl: ", 9, text);
    (void)fputs(line.p ? line.p : "corvctl: te weinig geheugen\n", stderr);
    corv_buf_free(&line);
    if (ctl->json)
        corv_ctl_json(ctl,
            json_pack("{s:{s:s, s:o}}", "error", "code", stable, "text", corv_ctl_json_text(text)));
    return code;
}

int corv_ctl_fault(struct corv_ctl *ctl, corv_rc rc, const struct corv_fault *fault)
{
    bool no =
        rc == CORV_E_NOTFOUND || rc == CORV_E_INVALID || rc == CORV_E_LIMIT || rc == CORV_E_STATE;
    bool ours = fault->cls == CORV_FAULT_SENDER;

    if (fault->cls == CORV_FAULT_NONE)
        return corv_ctl_complain(
            ctl, CORV_CTL_ERROR, "ctl.failed", "Dit lukte niet (%s).", corv_rc_name(rc));
    return corv_ctl_complain(
        ctl, no && ours ? CORV_CTL_NO : CORV_CTL_ERROR, fault->code, "%s", fault->text);
}

/* ---- options ------------------------------------------------------------------------------ */

static const struct corv_ctl_option *find_option(
    const struct corv_ctl_option *options, const char *word, const char **value)
{
    for (const struct corv_ctl_option *o = options; o && o->name; o++) {
        size_t n = strlen(o->name);

        if (strncmp(word, o->name, n) == 0 && (word[n] == '\0' || word[n] == '=')) {
            *value = word[n] ? word + n + 1 : NULL;
            return o;
        }
    }
    return NULL;
}

static bool wrong_use(struct corv_ctl *ctl, const char *what, const char *word)
{
    (void)corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.usage", "%s%s%s Zie: corvctl help %s", what,
        word, *word ? "." : "", ctl->verb);
    return false;
}

bool corv_ctl_options(struct corv_ctl *ctl, int *argc, char **argv,
    const struct corv_ctl_option *options, int least, int most)
{
    int kept = 0;
    bool only_words = false;

    for (int i = 0; i < *argc; i++) {
        const char *value = NULL;
        const struct corv_ctl_option *o;

        if (only_words || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[kept++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            only_words = true;
            continue;
        }
        o = find_option(options, argv[i], &value);
        if (!o)
            return wrong_use(ctl, "Deze optie ken ik hier niet: ", argv[i]);
        if (!value && i + 1 == *argc)
            return wrong_use(ctl, "Er ontbreekt een waarde achter ", argv[i]);
        *o->value = value ? value : argv[++i];
    }
    *argc = kept;
    if (kept < least)
        return wrong_use(ctl, "Er ontbreekt iets.", "");
    if (kept > most)
        return wrong_use(ctl, "Dit is te veel: ", argv[most]);
    return true;
}

bool corv_ctl_number(struct corv_ctl *ctl, const char *name, const char *text, unsigned *out)
{
    char *end = NULL;
    unsigned long n;

    if (!text)
        return true;
    n = strtoul(text, &end, 10);
    if (!*text || *end || text[0] == '-' || n == 0 || n > 100000)
        return wrong_use(ctl, "Geef een getal van 1 tot 100000 achter ", name);
    *out = (unsigned)n;
    return true;
}

/* ---- configuration and database ------------------------------------------------------------ */

size_t corv_ctl_config_errors(struct corv_ctl *ctl)
{
    struct corv_findings findings;
    size_t errors = 0;

    if (access(ctl->config_path, R_OK) != 0)
        return 0; /* corv_ctl_config tells */
    corv_findings_init(&findings);
    if (!ctl->config && corv_config_load(ctl->config_path, &ctl->config, &findings) != CORV_OK) {
        ctl->config = NULL;
        errors = findings.errors;
    }
    corv_findings_free(&findings);
    return errors;
}

bool corv_ctl_config(struct corv_ctl *ctl)
{
    struct corv_findings findings;
    size_t errors;

    if (ctl->config)
        return true;
    corv_findings_init(&findings);
    if (corv_config_load(ctl->config_path, &ctl->config, &findings) == CORV_OK) {
        corv_findings_free(&findings);
        return true;
    }
    ctl->config = NULL;
    errors = findings.errors;
    corv_findings_free(&findings);
    if (access(ctl->config_path, R_OK) != 0)
        (void)corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.config-missing",
            "De configuratie %s is niet te lezen (%s). Geef een andere met --config BESTAND of "
            "CORV_CONFIG.",
            ctl->config_path, errno == ENOENT ? "bestaat niet" : "geen rechten");
    else
        (void)corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.config-invalid",
            "In de configuratie %s %s %zu fout%s. Zie: corvctl --config %s config check",
            ctl->config_path, errors == 1 ? "staat" : "staan", errors, errors == 1 ? "" : "en",
            ctl->config_path);
    return false;
}

static char *conninfo_of(const struct corv_config *c, char *conninfo, size_t size)
{
    if (strcmp(c->database, "embedded") == 0)
        return corv_embedded_pg_conninfo_for(c->state_dir, conninfo, size);
    (void)snprintf(conninfo, size, "%s", c->database);
    return conninfo;
}

/* Of several servers the one that the daemon would take: a former primary may be up too. */
static corv_rc open_primary(struct corv_ctl *ctl, struct corv_fault *fault)
{
    struct corv_primary known;
    char *place = NULL;
    corv_rc rc;

    if (corv_primary_read(ctl->config->state_dir, &known) != CORV_OK)
        known = (struct corv_primary){.system = 0}; /* or not for this user to know */
    rc = corv_primary_find(ctl->config->database, &known, &place, fault);
    if (rc == CORV_OK)
        rc = corv_inspect_open(place, &ctl->inspect, fault);
    free(place);
    return rc;
}

corv_rc corv_ctl_connect(struct corv_ctl *ctl, struct corv_fault *fault)
{
    char conninfo[2048];
    struct corv_fault why = {0};
    corv_rc rc = corv_servers_several(ctl->config)
                     ? open_primary(ctl, &why)
                     : corv_inspect_open(conninfo_of(ctl->config, conninfo, sizeof conninfo),
                           &ctl->inspect, &why);

    if (rc == CORV_OK)
        return rc;
    if (strcmp(ctl->config->database, "embedded") == 0 &&
        strcmp(why.code, "store.unreachable") == 0) /* a missing socket says less than this */
        return CORV_FAIL(fault, rc, CORV_FAULT_STORE, "store.unreachable",
            "De database van corvd antwoordt niet. Draait corvd? Bent u dezelfde gebruiker als "
            "corvd, of root?");
    *fault = why;
    return rc;
}

bool corv_ctl_database(struct corv_ctl *ctl)
{
    struct corv_fault fault = {0};
    corv_rc rc;

    if (ctl->inspect)
        return true;
    if (!corv_ctl_config(ctl))
        return false;
    rc = corv_ctl_connect(ctl, &fault);
    if (rc != CORV_OK)
        (void)corv_ctl_fault(ctl, rc, &fault);
    return rc == CORV_OK;
}
