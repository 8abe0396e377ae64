/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/about.h"

#include <jansson.h>
#include <stdlib.h>

#include "config/config.h"
#include "daemon/base/clock.h"
#include "daemon/base/embedded.h"
#include "daemon/problem.h"
#include "schemas/judge.h"

/* One member per kind: the set that judges it today, when the sender has no set of its own. */
static json_t *schemas_json(const struct corv_judge *j)
{
    json_t *kinds = json_object();
    int day = corv_clock_day(corv_clock_us());

    for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_KENNISGEVING; k++)
        (void)json_object_set_new(kinds, corv_kind_name((enum corv_kind)k),
            json_pack("{s:s, s:s}", "set", corv_judge_set_name(j, (enum corv_kind)k, NULL, day),
                "hash", corv_judge_set_hash(j, (enum corv_kind)k, NULL, day)));
    return kinds;
}

static json_t *rules_json(const struct corv_judge *j)
{
    char hash[CORV_DIGEST_TEXT] = "";

    if (corv_embedded_digest(corv_embedded_rules, hash) != CORV_OK)
        return NULL;
    return json_pack("{s:s, s:s}", "version", corv_judge_pack_version(j), "hash", hash);
}

static json_t *delivery_json(const struct corv_config *c)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "timeout_seconds",
        (json_int_t)c->delivery.timeout_seconds, "retry_first_seconds",
        (json_int_t)c->delivery.retry_first_seconds, "retry_max_seconds",
        (json_int_t)c->delivery.retry_max_seconds, "give_up_seconds",
        (json_int_t)c->delivery.give_up_seconds);
}

void corv_about_reply(struct corv_app *app, struct corv_http_request *r)
{
    const struct corv_config *c = app->config;
    json_t *root = json_pack("{s:s, s:s, s:s, s:b, s:s, s:I, s:o, s:o, s:o}", "program", "corvd",
        "version", CORV_VERSION, "node", c->node, "production", c->production, "config", c->digest,
        "body_bytes", (json_int_t)c->limits.body_bytes, "delivery", delivery_json(c), "rules",
        rules_json(app->judge), "schemas", schemas_json(app->judge));
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;

    json_decref(root);
    if (text)
        corv_http_reply(
            r, 200, "application/json", "Cache-Control: no-store\r\n", corv_view_str(text), false);
    else
        corv_problem_reply(r, "http.no-memory");
    free(text);
}
