/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/bytes_check.h"

#include <limits.h>
#include <stdint.h>
#include <strings.h>

#define NOT_ASCII       UINT64_C(0x8080808080808080) /* in one of eight bytes */
#define DECLARATION_MAX 1024                         /* bytes; an XML declaration is about forty */

void corv_bytes_place(struct corv_view text, size_t offset, int *line, int *column)
{
    size_t start = 0, lines = 1;

    if (offset > text.n)
        offset = text.n;
    for (size_t at = 0; at < offset; at = start) {
        const char *nl = memchr(text.p + at, '\n', offset - at);

        if (!nl)
            break;
        start = (size_t)(nl - text.p) + 1;
        lines++;
    }
    *line = lines > INT_MAX ? INT_MAX : (int)lines;
    *column = offset - start >= INT_MAX ? INT_MAX : (int)(offset - start) + 1;
}

/* Length of the well-formed UTF-8 sequence at p (RFC 3629), 0 when there is none. */
static size_t sequence(const unsigned char *p, size_t left)
{
    unsigned char c = p[0], low = 0x80, high = 0xBF;
    size_t n = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

    if (c < 0xC2 || c > 0xF4 || left < n)
        return 0;
    if (c == 0xE0)
        low = 0xA0; /* overlong */
    else if (c == 0xED)
        high = 0x9F; /* surrogates */
    else if (c == 0xF0)
        low = 0x90; /* overlong */
    else if (c == 0xF4)
        high = 0x8F; /* beyond U+10FFFF */
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

size_t corv_bytes_bad_utf8(struct corv_view text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    size_t at = 0;

    while (at < text.n) {
        uint64_t eight, four[4];

        for (; text.n - at >= sizeof four; at += sizeof four) { /* plain ASCII */
            memcpy(four, p + at, sizeof four);
            if ((four[0] | four[1] | four[2] | four[3]) & NOT_ASCII)
                break;
        }
        for (; text.n - at >= sizeof eight; at += sizeof eight) {
            memcpy(&eight, p + at, sizeof eight);
            if (eight & NOT_ASCII)
                break;
        }
        if (at == text.n)
            break;

        size_t n = p[at] < 0x80 ? 1 : sequence(p + at, text.n - at);

        if (!n)
            return at;
        at += n;
    }
    return text.n;
}

static corv_rc refuse(struct corv_findings *f, enum corv_layer layer, const char *code,
    const char *sentence, struct corv_view text, size_t offset)
{
    struct corv_finding one = {.layer = layer, .actor = CORV_ACT_LEVERANCIER};

    corv_bytes_place(text, offset, &one.line, &one.column);
    (void)strncpy(one.code, code, sizeof one.code - 1);
    (void)strncpy(one.text, sentence, sizeof one.text - 1);
    corv_findings_add(f, &one);
    return CORV_E_INVALID;
}

static bool starts(struct corv_view v, const char *bytes, size_t n)
{
    return v.n >= n && memcmp(v.p, bytes, n) == 0;
}

static corv_rc refuse_encoding(struct corv_findings *f, enum corv_layer layer, struct corv_view v)
{
    return refuse(f, layer,
        layer == CORV_LAYER_SECURITY ? "security.encoding" : "well-formed.encoding",
        "Het bericht is niet in UTF-8; alleen UTF-8 wordt aangenomen.", v, 0);
}

/* The first bytes tell other encodings and compression. */
static corv_rc check_start(struct corv_view v, struct corv_findings *f)
{
    if (starts(v, "\x1f\x8b", 2))
        return refuse(f, CORV_LAYER_SECURITY, "security.compressed",
            "Het bericht is gecomprimeerd; alleen onverpakte XML wordt aangenomen.", v, 0);
    if (starts(v, "\xff\xfe\0\0", 4) || starts(v, "\0\0\xfe\xff", 4) || starts(v, "\0\0\0<", 4) ||
        starts(v, "<\0\0\0", 4))
        return refuse_encoding(f, CORV_LAYER_SECURITY, v);    /* UTF-32 */
    if (starts(v, "\xff\xfe", 2) || starts(v, "\xfe\xff", 2)) /* half a code unit: no text at all */
        return refuse_encoding(f, v.n % 2 ? CORV_LAYER_WELL_FORMED : CORV_LAYER_SECURITY, v);
    if (starts(v, "<\0", 2) || starts(v, "\0<", 2))
        return refuse_encoding(f, CORV_LAYER_SECURITY, v); /* UTF-16 without a mark */
    if (starts(v, "\x4c\x6f\xa7\x94", 4))
        return refuse_encoding(f, CORV_LAYER_SECURITY, v); /* EBCDIC */
    return CORV_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The quoted value of a pseudo attribute of the XML declaration; empty when absent. */
static struct corv_view pseudo(struct corv_view decl, const char *name)
{
    size_t len = strlen(name);

    for (size_t at = 1; at + len < decl.n; at++) {
        if (!is_blank(decl.p[at - 1]) || memcmp(decl.p + at, name, len) != 0)
            continue;

        size_t i = at + len;

        while (i < decl.n && is_blank(decl.p[i]))
            i++;
        if (i == decl.n || decl.p[i] != '=')
            continue;
        for (i++; i < decl.n && is_blank(decl.p[i]);)
            i++;
        if (i == decl.n || (decl.p[i] != '"' && decl.p[i] != '\''))
            continue;

        const char *end = memchr(decl.p + i + 1, decl.p[i], decl.n - i - 1);

        if (end)
            return corv_view_of(decl.p + i + 1, (size_t)(end - decl.p) - i - 1);
    }
    return corv_view_of("", 0);
}

static bool same_word(struct corv_view v, const char *word)
{
    return v.n == strlen(word) && strncasecmp(v.p, word, v.n) == 0;
}

/* Names of encodings with wider units: bytes we could read this far cannot be in them. */
static bool is_wide(struct corv_view v)
{
    return (v.n >= 6 && strncasecmp(v.p, "UTF-16", 6) == 0) ||
           (v.n >= 6 && strncasecmp(v.p, "UTF-32", 6) == 0) ||
           (v.n >= 10 && strncasecmp(v.p, "ISO-10646-", 10) == 0) ||
           (v.n >= 3 && strncasecmp(v.p, "UCS", 3) == 0);
}

static corv_rc check_declaration(struct corv_view v, struct corv_findings *f)
{
    if (!starts(v, "<?xml", 5) || v.n < 6 || !is_blank(v.p[5]))
        return CORV_OK;

    size_t most = v.n < DECLARATION_MAX ? v.n : DECLARATION_MAX;
    const char *end = memmem(v.p, most, "?>", 2);
    struct corv_view decl = corv_view_of(v.p, end ? (size_t)(end - v.p) : most);
    struct corv_view encoding = pseudo(decl, "encoding");

    if (corv_view_is(pseudo(decl, "version"), "1.1"))
        return refuse(f, CORV_LAYER_SECURITY, "security.xml-version",
            "Het bericht is XML 1.1; alleen XML 1.0 wordt aangenomen.", v, 0);
    if (encoding.n && !same_word(encoding, "UTF-8") && !same_word(encoding, "UTF8"))
        return refuse_encoding(
            f, is_wide(encoding) ? CORV_LAYER_WELL_FORMED : CORV_LAYER_SECURITY, v);
    return CORV_OK;
}

corv_rc corv_bytes_check(
    struct corv_view bytes, size_t ceiling, struct corv_view *text, struct corv_findings *findings)
{
    struct corv_view v = bytes;

    if (v.n > ceiling)
        return refuse(findings, CORV_LAYER_SECURITY, "security.size",
            "Het bericht is groter dan toegestaan.", v, 0);
    if (check_start(v, findings) != CORV_OK)
        return CORV_E_INVALID;
    if (starts(v, "\xef\xbb\xbf", 3))
        v = corv_view_of(v.p + 3, v.n - 3);
    if (v.n == 0)
        return refuse(
            findings, CORV_LAYER_WELL_FORMED, "well-formed.empty", "Het bericht is leeg.", v, 0);
    if (check_declaration(v, findings) != CORV_OK)
        return CORV_E_INVALID;

    const char *nul = memchr(v.p, '\0', v.n);

    if (nul)
        return refuse(findings, CORV_LAYER_SECURITY, "security.nul",
            "Het bericht bevat een NUL-byte; dat kan in XML niet.", v, (size_t)(nul - v.p));

    size_t bad = corv_bytes_bad_utf8(v);

    if (bad < v.n)
        return refuse(findings, CORV_LAYER_WELL_FORMED, "well-formed.utf8",
            "Het bericht bevat bytes die geen UTF-8 zijn.", v, bad);
    *text = v;
    return CORV_OK;
}
