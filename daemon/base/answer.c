/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/answer.h"

#include "daemon/base/json_text.h"

#define PROBLEM_MAX (512u << 10) /* two full lists of findings with every byte escaped fit */

static const struct corv_answer answers[CORV_ANSWERS] = {
#define CORV_ANSWER(name, situation, status, stuf, plek, way, next, title)                         \
    [CORV_ANSWER_##name] = {                                                                       \
        #name, (situation), (status), (stuf), (plek), CORV_WAY_##way, CORV_NEXT_##next, (title)},
#define CORV_CODE(code, answer, who, text)
#include "daemon/base/answer.def"
#undef CORV_ANSWER
#undef CORV_CODE
};

static const struct corv_code codes[] = {
#define CORV_ANSWER(name, situation, status, stuf, plek, way, next, title)
#define CORV_CODE(code, answer, who, text) {(code), CORV_ANSWER_##answer, CORV_ACT_##who, (text)},
#include "daemon/base/answer.def"
#undef CORV_ANSWER
#undef CORV_CODE
};

const struct corv_answer *corv_answer_get(enum corv_answer_name name)
{
    return &answers[name];
}

const char *corv_next_text(enum corv_next next)
{
    static const char *const texts[CORV_NEXT_COUNT] = {
        [CORV_NEXT_NOTHING] = "U hoeft niets te doen.",
        [CORV_NEXT_REPAIR] = "Verbeter het bericht en stuur het opnieuw.",
        [CORV_NEXT_ARRANGE] = "Laat dit eerst regelen en stuur het bericht dan opnieuw.",
        [CORV_NEXT_REPEAT] =
            "Stuur hetzelfde bericht over enige tijd opnieuw, met hetzelfde referentienummer.",
        [CORV_NEXT_RENUMBER] = "Geef een nieuw bericht een nieuw referentienummer.",
        [CORV_NEXT_REPORT] = "Meld dit aan de beheerder van corvd en stuur het bericht later "
                             "opnieuw, met hetzelfde referentienummer.",
        [CORV_NEXT_REQUEST] = "Verbeter het verzoek en stuur het opnieuw.",
        [CORV_NEXT_CONTACT] = "Neem contact op met de ontvanger en zorg zo nodig langs een andere "
                              "weg dat het bericht aankomt.",
        [CORV_NEXT_AGAIN] = "Stuur het bericht opnieuw, met een nieuw referentienummer.",
    };

    return texts[next];
}

const struct corv_code *corv_code_at(size_t i)
{
    return i < sizeof codes / sizeof *codes ? &codes[i] : NULL;
}

static const struct corv_code *exactly(const char *code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i].code, code) == 0)
            return &codes[i];
    return NULL;
}

const struct corv_code *corv_code_find(const char *code)
{
    const struct corv_code *found = exactly(code);

    if (!found && strncmp(code, "rule.", 5) == 0)
        found = exactly("rule.*");
    return found ? found : &codes[0];
}

const struct corv_finding *corv_findings_decisive(
    const struct corv_findings *a, const struct corv_findings *b)
{
    const struct corv_findings *lists[] = {a, b};
    const struct corv_finding *found = NULL;

    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; lists[l] && i < lists[l]->count; i++) {
            const struct corv_finding *one = &lists[l]->list[i];

            if (one->severity == CORV_SEV_ERROR &&
                (!found || corv_code_find(one->code)->answer < corv_code_find(found->code)->answer))
                found = one;
        }
    return found;
}

/* ---- application/problem+json --------------------------------------------------------------- */

static void add_finding(struct corv_buf *b, const struct corv_finding *f)
{
    (void)corv_buf_add_str(b, "{");
    corv_json_text(b, "layer", corv_layer_name(f->layer));
    corv_json_text(b, "severity", corv_severity_name(f->severity));
    corv_json_text(b, "code", f->code);
    corv_json_text(b, "text", f->text);
    corv_json_text(b, "who", corv_actor_name(f->actor));
    if (f->line > 0)
        corv_json_number(b, "line", (size_t)f->line);
    if (f->column > 0)
        corv_json_number(b, "column", (size_t)f->column);
    if (f->path[0])
        corv_json_text(b, "path", f->path);
    if (f->article[0])
        corv_json_text(b, "article", f->article);
    (void)corv_buf_add_str(b, "}");
}

void corv_findings_write(
    struct corv_buf *b, const struct corv_findings *x, const struct corv_findings *y)
{
    const struct corv_findings *lists[] = {x, y};
    const char *between = "";

    (void)corv_buf_add_str(b, "[");
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; lists[l] && i < lists[l]->count; i++) {
            (void)corv_buf_add_str(b, between);
            add_finding(b, &lists[l]->list[i]);
            between = ",";
        }
    (void)corv_buf_add_str(b, "]");
}

static void add_findings(struct corv_buf *b, const struct corv_problem *p)
{
    size_t dropped = (p->a ? p->a->dropped : 0) + (p->b ? p->b->dropped : 0);

    corv_json_key(b, "findings");
    corv_findings_write(b, p->a, p->b);
    if (dropped)
        corv_json_number(b, "notShown", dropped);
}

int corv_problem_status(const struct corv_problem *p)
{
    const struct corv_finding *decisive = corv_findings_decisive(p->a, p->b);

    return answers[corv_code_find(decisive ? decisive->code : p->code)->answer].status;
}

void corv_problem_write(struct corv_buf *b, const struct corv_problem *p)
{
    const struct corv_finding *decisive = corv_findings_decisive(p->a, p->b);
    const char *code = decisive ? decisive->code : p->code;
    const struct corv_code *row = corv_code_find(code);
    const struct corv_answer *answer = &answers[row->answer];

    corv_buf_init(b, PROBLEM_MAX);
    (void)corv_buf_add_str(b, "{");
    corv_json_text(b, "type", "about:blank");
    corv_json_text(b, "title", answer->title);
    corv_json_number(b, "status", (size_t)answer->status);
    corv_json_text(b, "code", code);
    corv_json_text(b, "detail", decisive ? decisive->text : row->text);
    corv_json_text(b, "who", corv_actor_name(decisive ? decisive->actor : row->who));
    corv_json_text(b, "next", corv_next_text(answer->next));
    if (answer->stuf[0])
        corv_json_text(b, "stuf", answer->stuf);
    if (p->id)
        corv_json_text(b, "id", p->id);
    if (p->a || p->b)
        add_findings(b, p);
    (void)corv_buf_add_str(b, "}\n");
}
