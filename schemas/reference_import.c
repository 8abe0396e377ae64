/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/reference_import.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/digest.h"
#include "schemas/import_zip.h"
#include "schemas/reference_import_xlsx.h"
#include "schemas/rule_date.h"
#include "schemas/rule_text.h"
#include "schemas/store_files.h"

/* The zip around the workbook. */
static const struct corv_archive_limits limits = {.entries = 100,
    .entry_bytes = CORV_REFERENCE_FILE_MOST,
    .total_bytes = CORV_REFERENCE_FILE_MOST,
    .ratio = 200};

struct import {
    const struct corv_reference_request *request;
    struct corv_fault *fault;
    json_t *instances; /* owned */
    json_t *roles;     /* owned */
    char edition[64];
};

static corv_rc no_memory(struct import *im)
{
    return CORV_FAIL(
        im->fault, CORV_E_NOMEM, CORV_FAULT_BUG, "reference.memory", "Er is te weinig geheugen.");
}

static corv_rc bad(struct import *im, const char *why)
{
    return CORV_FAIL(im->fault, CORV_E_INVALID, CORV_FAULT_SENDER, "reference.content", "%s", why);
}

/* ---- one sheet with headings --------------------------------------------------------------------
 */

enum { COLUMNS_MOST = 6 };

struct sheet_reader {
    struct import *im;
    const char *const *headings; /* of the columns we want; the first is the key */
    size_t count;
    size_t column[COLUMNS_MOST]; /* where they are, CORV_XLSX_COLUMNS: absent */
    bool begun;                  /* the row of headings was met */
    corv_rc (*take)(struct import *im, const char *const values[COLUMNS_MOST]);
};

static bool find_headings(struct sheet_reader *s, const char *const cells[CORV_XLSX_COLUMNS])
{
    bool first = false;

    for (size_t h = 0; h < s->count; h++) {
        s->column[h] = CORV_XLSX_COLUMNS;
        for (size_t c = 0; c < CORV_XLSX_COLUMNS; c++)
            if (corv_view_is(corv_rule_trim(corv_view_str(cells[c])), s->headings[h]))
                s->column[h] = c;
    }
    first = s->column[0] < CORV_XLSX_COLUMNS;
    return first;
}

static corv_rc see_row(void *data, const char *const cells[CORV_XLSX_COLUMNS])
{
    struct sheet_reader *s = data;
    const char *values[COLUMNS_MOST] = {"", "", "", "", "", ""};

    if (!s->begun) {
        s->begun = find_headings(s, cells);
        return CORV_OK;
    }
    for (size_t h = 0; h < s->count; h++)
        if (s->column[h] < CORV_XLSX_COLUMNS)
            values[h] = cells[s->column[h]];
    return corv_rule_trim(corv_view_str(values[0])).n ? s->take(s->im, values) : CORV_OK;
}

static json_t *trimmed(const char *text)
{
    struct corv_view v = corv_rule_trim(corv_view_str(text));

    return json_stringn(v.p, v.n);
}

/* ---- instances
 * ------------------------------------------------------------------------------------ */

/* 20141231 as number or text; *day 0 when the cell is empty. */
static bool read_day(const char *text, int *day)
{
    struct corv_view v = corv_rule_trim(corv_view_str(text));

    *day = corv_rule_date_read(v, 'V').first;
    if (v.n == 8 && strncmp(v.p, "1800", 4) == 0) /* "since ever" in the published list */
        return true;
    return v.n == 0 || *day != 0;
}

static corv_rc take_instance(struct import *im, const char *const values[COLUMNS_MOST])
{
    struct corv_view oin = corv_rule_trim(corv_view_str(values[4]));
    int from, until;

    if (json_array_size(im->instances) >= CORV_REFERENCE_INSTANCES_MAX)
        return bad(im, "De lijst van instanties is te lang.");
    if (!read_day(values[2], &from) || !read_day(values[3], &until))
        return bad(im, "In de lijst van instanties staat een datum die niet bestaat.");
    if (oin.n && (oin.n != 20 || strspn(oin.p, "0123456789") < 20))
        return bad(im, "In de lijst van instanties staat een OIN dat geen 20 cijfers heeft.");
    if (json_array_append_new(im->instances,
            json_pack("{s:o, s:o, s:o, s:i, s:i}", "code", trimmed(values[0]), "name",
                trimmed(values[1]), "oin", trimmed(values[4]), "from", from, "until", until)) != 0)
        return no_memory(im);
    return CORV_OK;
}

/* Months since the year 0 in "INS Augustus 2026"; 0 when it is not such a sheet. */
static int month_of(const char *name)
{
    static const char *const months[] = {"januari", "februari", "maart", "april", "mei", "juni",
        "juli", "augustus", "september", "oktober", "november", "december"};
    char word[16] = "";
    size_t n;

    if (strncmp(name, "INS ", 4) != 0)
        return 0;
    name += 4;
    n = strcspn(name, " ");
    if (n == 0 || n >= sizeof word)
        return 0;
    for (size_t i = 0; i < n; i++)
        word[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    for (int m = 0; m < 12; m++)
        if (strcmp(word, months[m]) == 0 && strspn(name + n + (name[n] == ' '), "0123456789") == 4)
            return (int)strtol(name + n + 1, NULL, 10) * 12 + m;
    return 0;
}

static corv_rc read_instances(struct import *im, const struct corv_xlsx *x)
{
    static const char *const headings[] = {"IDINST", "PRESNMINST", "DTAANV", "DTOPHINST", "OINR"};
    struct sheet_reader s = {.im = im, .headings = headings, .count = 5, .take = take_instance};
    size_t newest = 0;
    int month = 0;
    corv_rc rc;

    for (size_t i = 0; i < corv_xlsx_sheets(x); i++)
        if (month_of(corv_xlsx_sheet_name(x, i)) > month) {
            month = month_of(corv_xlsx_sheet_name(x, i));
            newest = i;
        }
    if (!month)
        return bad(im, "In dit bestand staat geen blad met instanties (INS maand jaar).");
    (void)snprintf(im->edition, sizeof im->edition, "%s", corv_xlsx_sheet_name(x, newest));
    rc = corv_xlsx_rows(x, newest, see_row, &s, im->fault);
    if (rc != CORV_OK)
        return rc;
    for (size_t h = 0; h < s.count; h++)
        if (!s.begun || s.column[h] == CORV_XLSX_COLUMNS)
            return bad(im, "Het blad met instanties heeft niet de verwachte kolommen.");
    return json_array_size(im->instances) ? CORV_OK : bad(im, "Het blad met instanties is leeg.");
}

/* ---- roles
 * ------------------------------------------------------------------------------------------ */

/* Days since 1899-12-30, as Excel counts them, or eight digits. */
static int excel_day(const char *text)
{
    struct corv_view v = corv_rule_trim(corv_view_str(text));
    long days;

    if (v.n == 8)
        return corv_rule_date_read(v, 'V').first;
    days = v.n ? strtol(v.p, NULL, 10) : 0;
    return days > 0 && days < 200000 ? corv_rule_day_plus(18991230, (int)days) : 0;
}

static corv_rc take_role(struct import *im, const char *const values[COLUMNS_MOST])
{
    if (json_array_size(im->roles) >= CORV_REFERENCE_ROLES_MAX)
        return bad(im, "De lijst van rollen is te lang.");
    if (!corv_rule_trim(corv_view_str(values[1])).n)
        return CORV_OK; /* a line of explanation */
    if (json_array_append_new(im->roles,
            json_pack("{s:o, s:o, s:i, s:i}", "name", trimmed(values[0]), "code",
                trimmed(values[1]), "from", excel_day(values[2]), "until", excel_day(values[3]))) !=
        0)
        return no_memory(im);
    return CORV_OK;
}

static corv_rc read_roles(struct import *im, const struct corv_xlsx *x)
{
    static const char *const headings[] = {
        "Rolomschrijving", "Rolcode", "Datum begin geldigheid", "Datum einde geldigheid"};
    struct sheet_reader s = {.im = im, .headings = headings, .count = 4, .take = take_role};

    for (size_t i = 0; i < corv_xlsx_sheets(x); i++)
        if (strcmp(corv_xlsx_sheet_name(x, i), "JZR") == 0)
            return corv_xlsx_rows(x, i, see_row, &s, im->fault);
    return CORV_OK;
}

/* ---- the file
 * ----------------------------------------------------------------------------------------- */

static bool is_workbook(const char *name)
{
    size_t n = strlen(name);

    return n > 5 && strcmp(name + n - 5, ".xlsx") == 0 && strncmp(name, "__MACOSX/", 9) != 0;
}

/* The workbook itself, out of the zip when there is one around it. */
static corv_rc open_workbook(struct import *im, struct corv_archive *zip, struct corv_xlsx **x)
{
    struct corv_view bytes = im->request->file;
    corv_rc rc = corv_archive_read(bytes, is_workbook, &limits, zip, im->fault);

    if (rc == CORV_OK && zip->count > 1)
        rc = bad(im, "In de zip staat meer dan een Excel-bestand; geef het bestand zelf.");
    if (rc == CORV_OK && zip->count == 1)
        bytes = corv_view_of(zip->files[0].bytes, zip->files[0].size);
    return rc == CORV_OK ? corv_xlsx_open(bytes, x, im->fault) : rc;
}

static char *to_json(struct import *im, const char *hash)
{
    char now[CORV_TIME_TEXT], *text;
    json_t *o = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:O, s:O}", "format", 1, "source",
        im->request->source, "sha256", hash, "edition", im->edition, "imported_at",
        corv_clock_text(corv_clock_us(), now), "imported_by",
        im->request->by ? im->request->by : "", "instances", im->instances, "roles", im->roles);

    text = o ? json_dumps(o, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;
    json_decref(o);
    return text;
}

static corv_rc store(struct import *im, const char *hash, const char *json)
{
    char folder[CORV_STORE_PATH], path[CORV_STORE_PATH], name[CORV_DIGEST_TEXT + 8];
    corv_rc rc = corv_store_path(folder, im->request->state_dir, "reference", NULL);

    (void)snprintf(name, sizeof name, "%s.json", hash);
    if (rc == CORV_OK)
        rc = corv_store_path(path, folder, name, NULL);
    if (rc == CORV_OK)
        rc = corv_store_replace(path, corv_view_str(json));
    if (rc == CORV_OK)
        rc = corv_store_path(path, folder, "current", NULL);
    if (rc == CORV_OK) /* this is the moment at which the new list counts */
        rc = corv_store_replace(path, corv_view_str(hash));
    if (rc == CORV_OK)
        return rc;
    return CORV_FAIL(im->fault, rc, CORV_FAULT_STORE, "reference.write",
        "De referentielijst kon niet worden opgeslagen in %.120s.", im->request->state_dir);
}

static corv_rc take_in(struct import *im, const char *hash, struct corv_reference **out)
{
    struct corv_archive zip = {0};
    struct corv_xlsx *x = NULL;
    char *json = NULL;
    corv_rc rc = open_workbook(im, &zip, &x);

    if (rc == CORV_OK)
        rc = read_instances(im, x);
    if (rc == CORV_OK)
        rc = read_roles(im, x);
    if (rc == CORV_OK) {
        json = to_json(im, hash);
        rc = json ? corv_reference_read(corv_view_str(json), out, NULL) : no_memory(im);
        if (rc == CORV_E_INVALID)
            rc = bad(im, "In de lijst van instanties staat een code twee keer.");
    }
    if (rc == CORV_OK)
        rc = store(im, hash, json);
    if (rc != CORV_OK) {
        corv_reference_free(*out);
        *out = NULL;
    }
    free(json);
    corv_xlsx_free(x);
    corv_archive_free(&zip);
    return rc;
}

corv_rc corv_reference_import(const struct corv_reference_request *request,
    struct corv_reference **out, bool *already, struct corv_fault *fault)
{
    struct import im = {
        .request = request, .fault = fault, .instances = json_array(), .roles = json_array()};
    char hash[CORV_DIGEST_TEXT];
    struct corv_digest digest;
    corv_rc rc = corv_digest_of(&request->file, 1, &digest);

    *out = NULL;
    *already = false;
    if (rc != CORV_OK || !im.instances || !im.roles) {
        rc = no_memory(&im);
    } else {
        (void)corv_digest_text(&digest, hash);
        rc = corv_reference_load(request->state_dir, out, NULL);
        *already = rc == CORV_OK && strcmp((*out)->source_hash, hash) == 0;
        if (!*already) { /* also when what is there cannot be read: this mends it */
            corv_reference_free(*out);
            *out = NULL;
            rc = take_in(&im, hash, out);
        }
    }
    json_decref(im.instances);
    json_decref(im.roles);
    return rc;
}
