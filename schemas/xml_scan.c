/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/xml_scan.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "schemas/bytes_check.h"

struct scan {
    struct corv_view text;
    const struct corv_read_limits *limits;
    struct corv_findings *findings;
    size_t at;
    unsigned depth;
    unsigned nodes;
    size_t tags;                          /* bytes of all tags so far */
    unsigned ns_total;                    /* declarations in scope */
    uint16_t ns[CORV_SCAN_DEPTH_MAX + 1]; /* of which at this depth */
};

/* What a step says: go on, the rest is not well-formed, or refused with a finding. */
enum step { GO_ON, NOT_XML, REFUSED };

static enum step refuse(struct scan *s, const char *code, const char *sentence)
{
    struct corv_finding one = {.layer = CORV_LAYER_SECURITY, .actor = CORV_ACT_LEVERANCIER};

    corv_bytes_place(s->text, s->at, &one.line, &one.column);
    (void)strncpy(one.code, code, sizeof one.code - 1);
    (void)strncpy(one.text, sentence, sizeof one.text - 1);
    corv_findings_add(s->findings, &one);
    return REFUSED;
}

static enum step count_node(struct scan *s)
{
    if (++s->nodes > s->limits->nodes)
        return refuse(s, "security.nodes", "Het bericht bestaat uit te veel onderdelen.");
    return GO_ON;
}

/* Names and attributes are kept in memory by the parser; base64 is the only thing that may be
 * big, and it stands between tags. */
static enum step end_of_tag(struct scan *s, size_t end)
{
    s->tags += end - s->at;
    if (s->tags > s->limits->text_total)
        return refuse(s, "security.markup-size", "Het bericht bevat samen te veel tags.");
    s->at = end;
    return GO_ON;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Every letter of every tag is asked this: a table, not eight comparisons. */
static bool ends_name(char c)
{
    static const bool ends[256] = {[' '] = true,
        ['\t'] = true,
        ['\r'] = true,
        ['\n'] = true,
        ['/'] = true,
        ['>'] = true,
        ['='] = true,
        ['<'] = true,
        ['"'] = true,
        ['\''] = true};

    return ends[(unsigned char)c];
}

static bool looking_at(const struct scan *s, const char *word)
{
    size_t n = strlen(word);

    return s->text.n - s->at >= n && memcmp(s->text.p + s->at, word, n) == 0;
}

/* Offset of the first byte after the word when it occurs at or after from, or 0. */
static size_t after(const struct scan *s, size_t from, const char *word)
{
    size_t n = strlen(word);

    while (from + n <= s->text.n) {
        const char *hit = memchr(s->text.p + from, word[0], s->text.n - from - n + 1);

        if (!hit)
            break;
        from = (size_t)(hit - s->text.p) + 1;
        if (memcmp(hit, word, n) == 0)
            return from - 1 + n;
    }
    return 0;
}

static enum step comment(struct scan *s)
{
    size_t end = after(s, s->at + 4, "--");

    if ((end ? end : s->text.n) - s->at > s->limits->comment_bytes)
        return refuse(s, "security.comment-size", "Het bericht bevat een te lang commentaar.");
    if (!end || end == s->text.n || s->text.p[end] != '>')
        return NOT_XML;

    enum step step = count_node(s);

    s->at = end + 1;
    return step;
}

static enum step cdata(struct scan *s)
{
    size_t end = after(s, s->at + 9, "]]>");

    if (!end || s->depth == 0)
        return NOT_XML;

    enum step step = count_node(s);

    s->at = end;
    return step;
}

static enum step instruction(struct scan *s)
{
    const char *target = s->text.p + s->at + 2;
    size_t left = s->text.n - s->at - 2;

    if (left >= 4 && strncasecmp(target, "xml", 3) == 0 && ends_name(target[3])) {
        size_t end = after(s, s->at + 2, "?>");

        if (s->at != 0 || !end) /* only the XML declaration may be called so, at the start */
            return NOT_XML;
        s->at = end;
        return GO_ON;
    }
    return refuse(s, "security.processing-instruction",
        "Het bericht bevat een processing instruction; die worden niet aangenomen.");
}

static enum step declaration(struct scan *s)
{
    if (looking_at(s, "<!--"))
        return comment(s);
    if (looking_at(s, "<![CDATA["))
        return cdata(s);
    if (looking_at(s, "<!DOCTYPE"))
        return refuse(
            s, "security.doctype", "Het bericht bevat een DOCTYPE; die worden niet aangenomen.");
    return NOT_XML;
}

static enum step end_tag(struct scan *s)
{
    const char *gt = memchr(s->text.p + s->at, '>', s->text.n - s->at);

    if (!gt || s->depth == 0)
        return NOT_XML;
    s->ns_total -= s->ns[s->depth];
    s->depth--;
    return end_of_tag(s, (size_t)(gt - s->text.p) + 1);
}

static size_t skip_blank(const struct scan *s, size_t i)
{
    while (i < s->text.n && is_blank(s->text.p[i]))
        i++;
    return i;
}

/* End of the name that starts at i; refuses a giant, 0 when there is none. */
static enum step name(struct scan *s, size_t i, size_t *end)
{
    size_t start = i, left = s->text.n - i;
    size_t most = left > CORV_SCAN_NAME_MAX ? i + CORV_SCAN_NAME_MAX + 1 : s->text.n;

    while (i < most && !ends_name(s->text.p[i]))
        i++;
    if (i - start > CORV_SCAN_NAME_MAX)
        return refuse(s, "security.name-size", "Het bericht bevat een te lange naam.");
    *end = i;
    return i == start ? NOT_XML : GO_ON;
}

/* One name="value"; *i moves behind it. */
static enum step attribute(struct scan *s, size_t *i)
{
    struct corv_view t = s->text;
    size_t start = *i, end = 0, at;
    enum step step = name(s, start, &end);

    if (step != GO_ON)
        return step;
    at = skip_blank(s, end);
    if (at == t.n || t.p[at] != '=')
        return NOT_XML;
    at = skip_blank(s, at + 1);
    if (at == t.n || (t.p[at] != '"' && t.p[at] != '\''))
        return NOT_XML;

    const char *value = t.p + at + 1;
    const char *quote = memchr(value, t.p[at], t.n - at - 1);
    size_t n = quote ? (size_t)(quote - value) : t.n - at - 1;
    const char *lt = memchr(value, '<', n);

    if (lt) /* never in a well-formed value: the quote was probably forgotten */
        n = (size_t)(lt - value);
    if (n > s->limits->attribute_bytes)
        return refuse(s, "security.attribute-size", "Het bericht bevat een te lang attribuut.");
    if (!quote || lt)
        return NOT_XML;
    if (end - start >= 5 && memcmp(t.p + start, "xmlns", 5) == 0 &&
        (end - start == 5 || t.p[start + 5] == ':')) {
        s->ns[s->depth]++;
        if (++s->ns_total > CORV_SCAN_NS_MAX)
            return refuse(
                s, "security.namespaces", "Het bericht bevat te veel namespace-declaraties.");
    }
    *i = (size_t)(quote - t.p) + 1;
    return count_node(s);
}

static enum step open_element(struct scan *s)
{
    unsigned most = s->limits->depth < CORV_SCAN_DEPTH_MAX ? s->limits->depth : CORV_SCAN_DEPTH_MAX;

    if (s->depth >= most)
        return refuse(s, "security.depth", "Het bericht is te diep genest.");
    s->ns[++s->depth] = 0;
    return count_node(s);
}

static enum step start_tag(struct scan *s)
{
    unsigned attributes = 0;
    size_t i = 0;
    enum step step = name(s, s->at + 1, &i);

    if (step == GO_ON)
        step = open_element(s);
    while (step == GO_ON) {
        i = skip_blank(s, i);
        if (i >= s->text.n)
            return NOT_XML;
        if (s->text.p[i] == '>')
            return end_of_tag(s, i + 1);
        if (s->text.p[i] == '/') {
            if (i + 1 >= s->text.n || s->text.p[i + 1] != '>')
                return NOT_XML;
            s->ns_total -= s->ns[s->depth];
            s->depth--;
            return end_of_tag(s, i + 2);
        }
        if (++attributes > s->limits->attributes)
            return refuse(
                s, "security.attributes", "Het bericht bevat een element met te veel attributen.");
        step = attribute(s, &i);
    }
    return step;
}

static enum step markup(struct scan *s)
{
    if (s->at + 1 >= s->text.n)
        return NOT_XML;
    switch (s->text.p[s->at + 1]) {
    case '!':
        return declaration(s);
    case '?':
        return instruction(s);
    case '/':
        return end_tag(s);
    default:
        return start_tag(s);
    }
}

corv_rc corv_xml_scan(struct corv_view text, const struct corv_read_limits *limits,
    size_t *approved, struct corv_findings *findings)
{
    struct scan s = {.text = text, .limits = limits, .findings = findings};
    enum step step = GO_ON;

    while (step == GO_ON) {
        const char *lt = s.at < text.n ? memchr(text.p + s.at, '<', text.n - s.at) : NULL;

        if (!lt) {
            *approved = text.n;
            return CORV_OK;
        }
        if (lt != text.p + s.at)
            step = count_node(&s); /* a text */
        s.at = (size_t)(lt - text.p);
        if (step == GO_ON)
            step = markup(&s);
    }
    if (step == REFUSED)
        return CORV_E_INVALID;
    *approved = text.n - s.at > CORV_SCAN_SLACK ? s.at + CORV_SCAN_SLACK : text.n;
    return CORV_OK;
}
