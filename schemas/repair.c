/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/repair.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/buf.h"

#define REPAIRS_MOST 500

/* Includes that are missing in a published set: a processor reads only the first import of a
 * namespace, so what the second one would bring stays unknown. */
static const struct {
    const char *file;  /* name of the file that lacks it */
    const char *needs; /* name of the file to include */
} missing[] = {
    {"jz0100_stuf0301.xsd", "bg0310_stuf_simpleTypes.xsd"},
};

static corv_rc note(struct corv_repairs *done, const char *file, int line, const char *what,
    struct corv_fault *fault)
{
    struct corv_repair *list;

    if (done->count >= REPAIRS_MOST)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SENDER, "import.repairs",
            "Er is te veel te repareren aan deze schema's.");
    list = realloc(done->list, (done->count + 1) * sizeof *list);
    if (!list)
        goto no_memory;
    done->list = list;
    list[done->count] = (struct corv_repair){.file = strdup(file), .line = line, .what = what};
    if (!list[done->count].file)
        goto no_memory;
    done->count++;
    return CORV_OK;
no_memory:
    return CORV_FAIL(
        fault, CORV_E_NOMEM, CORV_FAULT_BUG, "import.memory", "Er is te weinig geheugen.");
}

static int line_of(const char *text, const char *at)
{
    int line = 1;

    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

/* The next schemaLocation="…" from at, comments skipped; its value in *value. NULL: none left. */
static char *next_location(char *at, struct corv_view *value)
{
    static const char word[] = "schemaLocation";

    for (; *at; at++) {
        char *p = at + sizeof word - 1;

        if (strncmp(at, "<!--", 4) == 0) {
            at = strstr(at + 4, "-->");
            if (!at)
                return NULL;
            continue;
        }
        if (strncmp(at, word, sizeof word - 1) != 0 || at[-1] == ':')
            continue;
        p += strspn(p, " \t\r\n");
        if (*p != '=')
            continue;
        p += 1 + strspn(p + 1, " \t\r\n");
        if (*p != '"' && *p != '\'')
            continue;

        char *end = strchr(p + 1, *p);

        if (!end)
            return NULL;
        *value = corv_view_of(p + 1, (size_t)(end - p) - 1);
        return p + 1;
    }
    return NULL;
}

static corv_rc repair_file(
    struct corv_archive_file *file, struct corv_repairs *done, struct corv_fault *fault)
{
    struct corv_view value;
    corv_rc rc = CORV_OK;

    /* The first byte is never part of the word: a document begins with "<" or a mark. */
    for (char *at = file->bytes + (file->size > 0); rc == CORV_OK;) {
        at = next_location(at, &value);
        if (!at)
            break;
        if (memchr(at, '\\', value.n)) {
            for (size_t i = 0; i < value.n; i++)
                if (at[i] == '\\')
                    at[i] = '/';
            rc = note(done, file->name, line_of(file->bytes, at), "backslash", fault);
        }
        at += value.n;
    }
    return rc;
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), k = strlen(end);

    return n >= k && strcmp(name + n - k, end) == 0 && (n == k || name[n - k - 1] == '/');
}

corv_rc corv_repair_backslashes(
    struct corv_archive *a, struct corv_repairs *done, struct corv_fault *fault)
{
    corv_rc rc = CORV_OK;

    for (size_t i = 0; i < a->count && rc == CORV_OK; i++)
        if (strlen(a->files[i].name) > 4 &&
            strcmp(a->files[i].name + strlen(a->files[i].name) - 4, ".xsd") == 0)
            rc = repair_file(&a->files[i], done, fault);
    return rc;
}

/* The only file of that name; NULL when there is none or more than one. */
static struct corv_archive_file *only_one(const struct corv_archive *a, const char *end)
{
    struct corv_archive_file *found = NULL;

    for (size_t i = 0; i < a->count; i++)
        if (ends_with(a->files[i].name, end)) {
            if (found)
                return NULL;
            found = &a->files[i];
        }
    return found;
}

/* "../../bg0310/x.xsd": from the folder of one name to the other name. */
static corv_rc relative(const char *from, const char *to, struct corv_buf *out)
{
    size_t same = 0;

    for (size_t i = 0; from[i] && from[i] == to[i]; i++)
        if (from[i] == '/')
            same = i + 1;
    for (const char *p = from + same; (p = strchr(p, '/')); p++)
        (void)corv_buf_add_str(out, "../");
    return corv_buf_add_str(out, to + same);
}

/* Just after the last include or import element; *prefix is "xs:" or "". NULL: there is none. */
static char *after_last_include(struct corv_archive_file *file, struct corv_view *prefix)
{
    struct corv_view value;
    char *last = NULL, *open;

    for (char *at = file->bytes + 1; (at = next_location(at, &value)); at += value.n)
        last = at;
    if (!last)
        return NULL;
    for (open = last; open > file->bytes && *open != '<'; open--)
        ;
    *prefix = corv_view_of(open + 1, 0);
    for (const char *p = open + 1; p < last && *p != ' '; p++)
        if (*p == ':')
            prefix->n = (size_t)(p - open);
    last = strstr(last, "/>");
    return last ? last + 2 : NULL;
}

static corv_rc add_include(struct corv_archive_file *file, const char *needs,
    struct corv_repairs *done, struct corv_fault *fault)
{
    struct corv_view prefix;
    char *at = after_last_include(file, &prefix), *bytes;
    struct corv_buf text;
    corv_rc rc = CORV_OK;
    size_t size;

    if (!at)
        return CORV_OK;
    corv_buf_init(&text, file->size + 1024);
    (void)corv_buf_add(&text, file->bytes, (size_t)(at - file->bytes));
    (void)corv_buf_addf(
        &text, "<%.*sinclude schemaLocation=\"", (int)prefix.n, prefix.n ? prefix.p : "");
    (void)relative(file->name, needs, &text);
    (void)corv_buf_add_str(&text, "\"/>"); /* on the same line: other lines keep their number */
    (void)corv_buf_add_str(&text, at);
    rc = note(done, file->name, line_of(file->bytes, at), "include", fault);
    bytes = corv_buf_take(&text, &size);
    if (!bytes)
        rc = CORV_FAIL(
            fault, CORV_E_NOMEM, CORV_FAULT_BUG, "import.memory", "Er is te weinig geheugen.");
    if (rc != CORV_OK) {
        free(bytes);
        return rc;
    }
    free(file->bytes);
    file->bytes = bytes;
    file->size = size;
    return CORV_OK;
}

static bool has_include(struct corv_archive_file *file, const char *end)
{
    struct corv_view value;

    for (char *at = file->bytes + 1; (at = next_location(at, &value)); at += value.n)
        if (value.n >= strlen(end) && memcmp(at + value.n - strlen(end), end, strlen(end)) == 0)
            return true;
    return false;
}

corv_rc corv_repair_includes(
    struct corv_archive *a, struct corv_repairs *done, struct corv_fault *fault)
{
    corv_rc rc = CORV_OK;

    for (size_t i = 0; i < sizeof missing / sizeof *missing && rc == CORV_OK; i++) {
        struct corv_archive_file *file = only_one(a, missing[i].file);
        const struct corv_archive_file *needs = only_one(a, missing[i].needs);

        if (file && needs && file->size > 1 && !has_include(file, missing[i].needs))
            rc = add_include(file, needs->name, done, fault);
    }
    return rc;
}

void corv_repairs_free(struct corv_repairs *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->list[i].file);
    free(r->list);
    *r = (struct corv_repairs){0};
}
