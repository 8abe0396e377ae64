/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/reference_import_xlsx.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>

#include "schemas/import_zip.h"

#define SHEETS_MOST  200
#define ROWS_MOST    100000
#define STRINGS_MOST 200000
#define RELATIONS    "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

static const struct corv_archive_limits limits = {
    .entries = 2000, .entry_bytes = 16u << 20, .total_bytes = 64u << 20, .ratio = 300};

struct corv_xlsx {
    struct corv_archive archive;
    xmlDocPtr workbook;
    xmlDocPtr relations;
    char **strings; /* owned, shared by the cells */
    size_t strings_count;
    struct sheet {
        char *name; /* owned */
        char *path; /* owned, in the archive */
    } sheets[SHEETS_MOST];
    size_t sheets_count;
};

static corv_rc bad(struct corv_fault *fault)
{
    return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SENDER, "reference.xlsx",
        "Dit bestand is geen leesbaar Excel-bestand (xlsx).");
}

static corv_rc no_memory(struct corv_fault *fault)
{
    (void)CORV_FAIL(
        fault, CORV_E_NOMEM, CORV_FAULT_BUG, "reference.memory", "Er is te weinig geheugen.");
    return CORV_E_NOMEM;
}

static bool wanted(const char *name)
{
    return strncmp(name, "xl/worksheets/sheet", 19) == 0 || strcmp(name, "xl/workbook.xml") == 0 ||
           strcmp(name, "xl/sharedStrings.xml") == 0 ||
           strcmp(name, "xl/_rels/workbook.xml.rels") == 0;
}

/* NULL when it is not there or not XML; a DTD has no business in a workbook. */
static xmlDocPtr parse(const struct corv_xlsx *x, const char *name)
{
    const struct corv_archive_file *f = corv_archive_find(&x->archive, name);
    xmlDocPtr doc = NULL;

    if (f)
        doc = xmlReadMemory(f->bytes, (int)f->size, NULL, NULL,
            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (doc && doc->intSubset) {
        xmlFreeDoc(doc);
        doc = NULL;
    }
    return doc;
}

static bool is(const xmlNode *n, const char *name)
{
    return n && n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0;
}

static xmlNodePtr child(const xmlNode *n, const char *name)
{
    for (xmlNodePtr c = n ? n->children : NULL; c; c = c->next)
        if (is(c, name))
            return c;
    return NULL;
}

/* The next element of that name after one, among its sisters. */
static xmlNodePtr sister(const xmlNode *n, const char *name)
{
    for (xmlNodePtr c = n->next; c; c = c->next)
        if (is(c, name))
            return c;
    return NULL;
}

/* ---- shared strings -------------------------------------------------------------------------- */

/* The text of <si> or <is>: its t, and those of its r; not those of rPh (pronunciation). */
static char *text_of(const xmlNode *si)
{
    xmlBufferPtr all = xmlBufferCreate();
    char *text = NULL;

    for (const xmlNode *n = si->children; n && all; n = n->next) {
        const xmlNode *t = is(n, "t") ? n : is(n, "r") ? child(n, "t") : NULL;
        xmlChar *part = t ? xmlNodeGetContent(t) : NULL;

        if (part)
            (void)xmlBufferCat(all, part);
        xmlFree(part);
    }
    if (all)
        text = strdup((const char *)xmlBufferContent(all));
    xmlBufferFree(all);
    return text;
}

static corv_rc read_strings(struct corv_xlsx *x, struct corv_fault *fault)
{
    xmlDocPtr doc = parse(x, "xl/sharedStrings.xml");
    const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
    size_t count = 0;
    corv_rc rc = CORV_OK;

    for (const xmlNode *n = child(root, "si"); n; n = sister(n, "si"))
        count++;
    if (count > STRINGS_MOST)
        rc = bad(fault);
    x->strings = calloc(count + 1, sizeof *x->strings);
    if (!x->strings)
        rc = no_memory(fault);
    for (const xmlNode *n = child(root, "si"); n && rc == CORV_OK; n = sister(n, "si")) {
        x->strings[x->strings_count] = text_of(n);
        if (!x->strings[x->strings_count])
            rc = no_memory(fault);
        else
            x->strings_count++;
    }
    xmlFreeDoc(doc);
    return rc;
}

/* ---- sheets ------------------------------------------------------------------------------------
 */

/* "xl/worksheets/sheet3.xml" for "rId3". */
static char *path_of(const struct corv_xlsx *x, const xmlChar *id)
{
    const xmlNode *root = xmlDocGetRootElement(x->relations);
    char *path = NULL;

    for (const xmlNode *n = child(root, "Relationship"); n && !path;
         n = sister(n, "Relationship")) {
        xmlChar *its = xmlGetNoNsProp(n, BAD_CAST "Id");
        xmlChar *target = xmlGetNoNsProp(n, BAD_CAST "Target");

        if (its && target && xmlStrEqual(its, id)) {
            const char *t = (const char *)target;
            char text[256];

            (void)snprintf(text, sizeof text, "%s%s", *t == '/' ? "" : "xl/", t + (*t == '/'));
            path = strdup(text);
        }
        xmlFree(its);
        xmlFree(target);
    }
    return path;
}

static corv_rc read_sheets(struct corv_xlsx *x, struct corv_fault *fault)
{
    const xmlNode *sheets = child(xmlDocGetRootElement(x->workbook), "sheets");

    for (const xmlNode *n = child(sheets, "sheet"); n; n = sister(n, "sheet")) {
        xmlChar *name = xmlGetNoNsProp(n, BAD_CAST "name");
        xmlChar *id = xmlGetNsProp(n, BAD_CAST "id", BAD_CAST RELATIONS);
        struct sheet *s = &x->sheets[x->sheets_count];

        if (name && id && x->sheets_count < SHEETS_MOST) {
            s->name = strdup((const char *)name);
            s->path = path_of(x, id);
            x->sheets_count++;
        }
        xmlFree(name);
        xmlFree(id);
    }
    for (size_t i = 0; i < x->sheets_count; i++)
        if (!x->sheets[i].name || !x->sheets[i].path)
            return bad(fault);
    return x->sheets_count ? CORV_OK : bad(fault);
}

corv_rc corv_xlsx_open(struct corv_view bytes, struct corv_xlsx **out, struct corv_fault *fault)
{
    struct corv_xlsx *x = calloc(1, sizeof *x);
    corv_rc rc;

    *out = NULL;
    if (!x)
        return no_memory(fault);
    rc = corv_archive_read(bytes, wanted, &limits, &x->archive, fault);
    if (rc == CORV_OK) {
        x->workbook = parse(x, "xl/workbook.xml");
        x->relations = parse(x, "xl/_rels/workbook.xml.rels");
        rc = x->workbook && x->relations ? read_sheets(x, fault) : bad(fault);
    }
    if (rc == CORV_OK)
        rc = read_strings(x, fault);
    if (rc == CORV_OK) {
        *out = x;
        return CORV_OK;
    }
    corv_xlsx_free(x);
    return rc;
}

void corv_xlsx_free(struct corv_xlsx *x)
{
    if (!x)
        return;
    for (size_t i = 0; i < x->sheets_count; i++) {
        free(x->sheets[i].name);
        free(x->sheets[i].path);
    }
    for (size_t i = 0; i < x->strings_count; i++)
        free(x->strings[i]);
    free(x->strings);
    xmlFreeDoc(x->workbook);
    xmlFreeDoc(x->relations);
    corv_archive_free(&x->archive);
    free(x);
}

size_t corv_xlsx_sheets(const struct corv_xlsx *x)
{
    return x->sheets_count;
}

const char *corv_xlsx_sheet_name(const struct corv_xlsx *x, size_t sheet)
{
    return sheet < x->sheets_count ? x->sheets[sheet].name : "";
}

/* ---- cells
 * --------------------------------------------------------------------------------------- */

/* "AA12" is 26; CORV_XLSX_COLUMNS when it is beyond what we read. */
static size_t column_of(const char *reference)
{
    size_t column = 0;

    for (; isupper((unsigned char)*reference) && column < 1000; reference++)
        column = column * 26 + (size_t)(*reference - 'A') + 1;
    return column == 0 || column > CORV_XLSX_COLUMNS ? CORV_XLSX_COLUMNS : column - 1;
}

/* The text of a cell; *owned is to be freed. NULL: memory is gone. */
static const char *cell_text(const struct corv_xlsx *x, const xmlNode *c, char **owned)
{
    xmlChar *type = xmlGetNoNsProp(c, BAD_CAST "t");
    const xmlNode *v = child(c, "v"), *inside = child(c, "is");
    bool shared = type && xmlStrEqual(type, BAD_CAST "s");
    xmlChar *value = v ? xmlNodeGetContent(v) : NULL;
    const char *text = "";

    if (inside) {
        *owned = text_of(inside);
        text = *owned;
    } else if (value && shared) {
        unsigned long i = strtoul((const char *)value, NULL, 10);

        text = i < x->strings_count ? x->strings[i] : "";
    } else if (value) {
        *owned = strdup((const char *)value);
        text = *owned;
    }
    xmlFree(type);
    xmlFree(value);
    return text;
}

static corv_rc read_row(const struct corv_xlsx *x, const xmlNode *node, corv_xlsx_row row,
    void *data, struct corv_fault *fault)
{
    const char *cells[CORV_XLSX_COLUMNS];
    char *owned[CORV_XLSX_COLUMNS] = {0};
    size_t next = 0;
    corv_rc rc = CORV_OK;

    for (size_t i = 0; i < CORV_XLSX_COLUMNS; i++)
        cells[i] = "";
    for (const xmlNode *c = child(node, "c"); c && rc == CORV_OK; c = sister(c, "c")) {
        xmlChar *reference = xmlGetNoNsProp(c, BAD_CAST "r");
        size_t column = reference ? column_of((const char *)reference) : next;

        next = column + 1;
        xmlFree(reference);
        if (column >= CORV_XLSX_COLUMNS || owned[column])
            continue;
        cells[column] = cell_text(x, c, &owned[column]);
        if (!cells[column])
            rc = no_memory(fault);
    }
    if (rc == CORV_OK)
        rc = row(data, cells);
    for (size_t i = 0; i < CORV_XLSX_COLUMNS; i++)
        free(owned[i]);
    return rc;
}

corv_rc corv_xlsx_rows(const struct corv_xlsx *x, size_t sheet, corv_xlsx_row row, void *data,
    struct corv_fault *fault)
{
    xmlDocPtr doc = sheet < x->sheets_count ? parse(x, x->sheets[sheet].path) : NULL;
    const xmlNode *rows = doc ? child(xmlDocGetRootElement(doc), "sheetData") : NULL;
    size_t count = 0;
    corv_rc rc = rows ? CORV_OK : bad(fault);

    for (const xmlNode *n = child(rows, "row"); n && rc == CORV_OK; n = sister(n, "row"))
        rc = ++count > ROWS_MOST ? bad(fault) : read_row(x, n, row, data, fault);
    xmlFreeDoc(doc);
    return rc;
}
