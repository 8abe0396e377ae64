/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/about.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/partner/call.h"

static void ask(struct partner *p, const char *path, struct partner_call *c)
{
    const char *admin = p->settings->corvd.admin;
    char url[512];

    (void)snprintf(url, sizeof url, "%s%s", admin[0] == '/' ? "http://localhost" : admin, path);
    *c = (struct partner_call){.url = url, .socket = admin[0] == '/' ? admin : NULL};
    partner_call_run(p, c);
    c->url = NULL;
}

static bool read_about(json_t *root, struct partner_about *a)
{
    const char *program = NULL;
    const char *version = NULL;
    const char *node = NULL;
    const char *config = NULL;
    const char *rules = NULL;
    const char *hash = NULL;
    int production = 1;
    json_int_t body = 0;
    json_int_t timeout = 0;
    json_int_t first = 0;
    json_int_t most = 0;
    json_t *schemas = NULL;

    if (json_unpack(root, "{s:s, s:s, s:s, s:b, s:s, s:I, s:{s:I, s:I, s:I}, s:{s:s, s:s}, s:o}",
            "program", &program, "version", &version, "node", &node, "production", &production,
            "config", &config, "body_bytes", &body, "delivery", "timeout_seconds", &timeout,
            "retry_first_seconds", &first, "retry_max_seconds", &most, "rules", "version", &rules,
            "hash", &hash, "schemas", &schemas) != 0 ||
        strcmp(program, "corvd") != 0)
        return false;
    (void)snprintf(a->version, sizeof a->version, "%s", version);
    (void)snprintf(a->node, sizeof a->node, "%s", node);
    (void)snprintf(a->config, sizeof a->config, "%s", config);
    (void)snprintf(a->rules_version, sizeof a->rules_version, "%s", rules);
    (void)snprintf(a->rules_hash, sizeof a->rules_hash, "%s", hash);
    a->production = production != 0;
    a->body_bytes = (uint64_t)body;
    a->timeout_s = (unsigned)timeout;
    a->retry_first_s = (unsigned)first;
    a->retry_max_s = (unsigned)most;
    a->schemas = json_incref(schemas);
    return true;
}

corv_rc partner_about_ask(struct partner *p, struct partner_about *out, char *why, size_t size)
{
    struct partner_call c;
    json_t *root = NULL;
    corv_rc rc = CORV_E_IO;

    partner_about_free(out);
    ask(p, "/about", &c);
    if (c.status != 200) {
        (void)snprintf(why, size, "corvd is niet te bereiken via %s (%s).",
            p->settings->corvd.admin, c.error[0] ? c.error : "geen goed antwoord");
    } else {
        root = json_loadb(c.answer.p, c.answer.n, 0, NULL);
        rc = root && read_about(root, out) ? CORV_OK : CORV_E_INVALID;
        if (rc != CORV_OK)
            (void)snprintf(why, size, "Wat op %s antwoordt, is geen corvd die dit kent.",
                p->settings->corvd.admin);
    }
    json_decref(root);
    corv_buf_free(&c.answer);
    return rc;
}

void partner_about_free(struct partner_about *a)
{
    json_decref(a->schemas);
    *a = (struct partner_about){.schemas = NULL};
}

double partner_metric(const char *text, const char *name)
{
    size_t n = strlen(name);
    double sum = 0;

    for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        if (strncmp(line, name, n) != 0 || (line[n] != ' ' && line[n] != '{'))
            continue;
        const char *value = line[n] == '{' ? strstr(line, "} ") : line + n;

        if (value)
            sum += strtod(value + (line[n] == '{'), NULL);
    }
    return sum;
}

bool partner_counts_ask(struct partner *p, struct partner_counts *out)
{
    struct partner_call c;
    bool there = false;

    *out = (struct partner_counts){0};
    ask(p, "/metrics", &c);
    there = c.status == 200 && c.answer.n > 0;
    if (there) {
        out->confirmed = partner_metric(c.answer.p, "corvd_deliveries_confirmed_total");
        out->dead = partner_metric(c.answer.p, "corvd_deliveries_dead_total");
    }
    corv_buf_free(&c.answer);
    return there;
}
