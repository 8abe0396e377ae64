/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_doc.h"

static const char *consequence(const struct corv_rule *r)
{
    if (r->mode == CORV_RULE_OFF)
        return "uit";
    return r->mode == CORV_RULE_ENFORCE && r->severity == CORV_SEV_ERROR ? "weigeren"
                                                                         : "waarschuwen";
}

/* 20260101 as 2026-01-01 */
static void add_day(struct corv_buf *out, int day)
{
    (void)corv_buf_addf(out, "%04d-%02d-%02d", day / 10000, day / 100 % 100, day % 100);
}

static void add_rule(struct corv_buf *out, const struct corv_rule *r)
{
    (void)corv_buf_addf(out, "\n### `%s`\n\n%s\n\n", r->id, r->text);
    (void)corv_buf_addf(out, "* Bericht: %s\n* Bron: %s\n* Gevolg: %s, sinds ", r->kinds_text,
        r->article, consequence(r));
    add_day(out, r->from);
    (void)corv_buf_addf(out, "\n* Wie: %s. %s\n", corv_actor_name(r->who), r->action);
}

static void add_table(struct corv_buf *out, const struct corv_rule_pack *pack)
{
    (void)corv_buf_add_str(
        out, "\n## Overzicht\n\n| Code | Bron | Gevolg | Wie |\n|---|---|---|---|\n");
    for (size_t i = 0; i < pack->rules_count; i++) {
        const struct corv_rule *r = &pack->rules[i];

        (void)corv_buf_addf(out, "| `%s` | %s | %s | %s |\n", r->code, r->article, consequence(r),
            corv_actor_name(r->who));
    }
}

corv_rc corv_rule_doc(const struct corv_rule_pack *pack, struct corv_buf *out)
{
    (void)corv_buf_addf(out,
        "# Regels\n\nDeze pagina is gemaakt uit het regelpakket (schemas/rules/); verander haar "
        "daar.\nPakket `%s`, versie %s van %s, voor %s; %zu regels.\n",
        pack->id, pack->version, pack->date, pack->purpose, pack->rules_count);
    (void)corv_buf_add_str(out,
        "\nEen regel controleert wat het schema niet kan. In de stand *afdwingen* weigert een regel"
        " met gevolg\n*weigeren* het bericht; in de stand *waarschuwen* gaat het bericht door en"
        " krijgt de afzender de melding\nerbij; in de stand *uit* zwijgt de regel. De beheerder"
        " kiest de stand per regel en per partij, met een\nbegindatum. Een bevinding noemt plaats,"
        " regel en bron en nooit de inhoud.\n");
    (void)corv_buf_add_str(out, "\n## Bronnen\n\n");
    for (size_t i = 0; i < pack->sources_count; i++)
        (void)corv_buf_addf(out, "* **%s**: %s\n", pack->sources[i].id, pack->sources[i].text);
    add_table(out, pack);
    (void)corv_buf_add_str(out, "\n## De regels\n");
    for (size_t i = 0; i < pack->rules_count; i++)
        add_rule(out, &pack->rules[i]);
    return out->failed ? CORV_E_NOMEM : CORV_OK;
}
