/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_read.h"
#include "config/credential.h"
#include "config/text.h"
#include "daemon/base/log.h"

#define TEXT_BYTES 2000 /* of one value; what is stored with every message stays small */

static const struct corv_tree *place_of(struct corv_cell cell)
{
    static const struct corv_tree top = {.line = 1, .column = 1};
    const struct corv_tree *node = corv_tree_get(cell.item, cell.row->key);

    if (!node)
        node = cell.item;
    return node ? node : &top; /* a section that is not there is missed at the top */
}

/* What was typed, else the default; NULL when neither (said, if it had to be there). */
static const char *text_of(struct corv_reader *r, struct corv_cell cell)
{
    if (!corv_text_is_null(cell.text) && strlen(cell.text) > TEXT_BYTES) {
        corv_tree_error(r->findings, place_of(cell), "config.too-long",
            "Deze tekst is te lang; hoogstens %d tekens.", TEXT_BYTES);
        return NULL;
    }
    if (!corv_text_is_null(cell.text))
        return cell.text;
    if (!cell.row->default_text)
        corv_tree_error(r->findings, place_of(cell), "config.missing",
            "Hier ontbreekt de instelling %s%s%s.", cell.row->place, cell.row->place[0] ? "." : "",
            cell.row->key);
    return cell.row->default_text && cell.row->default_text[0] ? cell.row->default_text : NULL;
}

static void bad(struct corv_reader *r, struct corv_cell cell, const char *code, const char *text)
{
    corv_tree_error(r->findings, place_of(cell), code, "%s", text);
}

void corv_take_text(struct corv_reader *r, struct corv_cell cell, const char **out)
{
    *out = text_of(r, cell);
}

void corv_take_name(struct corv_reader *r, struct corv_cell cell, const char **out)
{
    const char *text = text_of(r, cell);

    *out = NULL;
    if (text && corv_text_is_name(text))
        *out = text;
    else if (text)
        bad(r, cell, "config.bad-name",
            "Een naam bestaat hier uit kleine letters, cijfers en streepjes, hoogstens 40.");
}

void corv_take_credential(struct corv_reader *r, struct corv_cell cell, const char **out)
{
    corv_rc rc = corv_is_credential(*out) ? corv_credential_path(r->arena, *out, out) : CORV_OK;

    if (rc == CORV_E_INVALID)
        bad(r, cell, "config.bad-credential",
            "Na credential: komt de naam uit LoadCredential: letters, cijfers, punt, - en _.");
    r->nomem = r->nomem || rc == CORV_E_NOMEM;
}

void corv_take_path(struct corv_reader *r, struct corv_cell cell, const char **out)
{
    const char *text = text_of(r, cell);

    *out = text;
    corv_take_credential(r, cell, out);
    if (!*out || (*out)[0] == '/')
        return;

    size_t size = strlen(r->folder) + strlen(text) + 1;
    char *joined = corv_arena_new(r->arena, size, 1);

    if (joined)
        (void)snprintf(joined, size, "%s%s", r->folder, text);
    r->nomem = r->nomem || !joined;
    *out = joined;
}

void corv_take_file(struct corv_reader *r, struct corv_cell cell, const char **out)
{
    struct stat st;

    corv_take_path(r, cell, out);
    if (!*out)
        return;
    if (stat(*out, &st) != 0) {
        if (errno == EACCES) /* corvctl may run as another user than the daemon */
            corv_tree_warning(r->findings, place_of(cell), "config.file-hidden",
                "Dit bestand kan ik niet nakijken: de map is voor deze gebruiker gesloten.");
        else if (corv_is_credential(cell.text) && !corv_credentials_here())
            corv_tree_warning(r->findings, place_of(cell), "config.credential-hidden",
                "Dit bestand geeft systemd aan de dienst corvd; hier kan ik het niet nakijken.");
        else
            bad(r, cell, "config.file-missing", "Dit bestand is er niet.");
    } else if (!S_ISREG(st.st_mode)) {
        bad(r, cell, "config.file-kind", "Dit is geen gewoon bestand.");
    } else if (strcmp(cell.row->key, "key") == 0 && (st.st_mode & S_IRWXO) != 0) {
        corv_tree_warning(r->findings, place_of(cell), "config.key-readable",
            "Dit sleutelbestand is open voor iedereen op de machine; zet de rechten op 0600 of "
            "0640.");
    }
}

void corv_take_address(struct corv_reader *r, struct corv_cell cell, const char **out)
{
    *out = text_of(r, cell);
    if (*out && !corv_text_is_ip(*out))
        bad(r, cell, "config.bad-address",
            "Dit is geen IP-adres; schrijf bijvoorbeeld 0.0.0.0 of \"::\".");
}

void corv_take_oin(struct corv_reader *r, struct corv_cell cell, const char **out)
{
    *out = text_of(r, cell);
    if (!*out || corv_text_is_digits(*out, 20))
        return;
    bad(r, cell, "config.bad-oin", "Een OIN heeft 20 cijfers; zet het tussen aanhalingstekens.");
    *out = NULL;
}

void corv_take_level(struct corv_reader *r, struct corv_cell cell, const char **out)
{
    enum corv_log_level level;

    *out = text_of(r, cell);
    if (*out && corv_log_level_read(*out, &level) != CORV_OK)
        bad(r, cell, "config.bad-level", "Kies error, warning, info of debug.");
}

void corv_take_bool(struct corv_reader *r, struct corv_cell cell, bool *out)
{
    const char *text = text_of(r, cell);

    *out = text && strcmp(text, "true") == 0;
    if (text && !*out && strcmp(text, "false") != 0)
        bad(r, cell, "config.bad-bool", "Kies true of false.");
}

static bool in_range(struct corv_reader *r, struct corv_cell cell, corv_rc rc, uint64_t value)
{
    const struct corv_setting_row *row = cell.row;

    if (rc == CORV_E_INVALID)
        bad(r, cell, "config.bad-number",
            row->type == CORV_SET_BYTES ? "Dit is geen getal, en geen getal met KiB, MiB of GiB."
                                        : "Dit is geen heel getal.");
    else if (rc != CORV_OK || value < row->min || (row->max && value > row->max))
        corv_tree_error(r->findings, place_of(cell), "config.range",
            "Dit getal moet van %" PRIu64 " tot en met %" PRIu64 " zijn.", row->min, row->max);
    else
        return true;
    return false;
}

void corv_take_number(struct corv_reader *r, struct corv_cell cell, unsigned *out)
{
    const char *text = text_of(r, cell);
    uint64_t value = 0;

    *out = 0;
    if (!text || (strcmp(text, "auto") == 0 && cell.row->default_text &&
                     strcmp(cell.row->default_text, "auto") == 0))
        return;
    corv_rc rc = corv_text_number(text, &value);

    if (in_range(r, cell, rc, value))
        *out = (unsigned)value;
}

void corv_take_bytes(struct corv_reader *r, struct corv_cell cell, uint64_t *out)
{
    const char *text = text_of(r, cell);
    uint64_t value = 0;

    *out = 0;
    if (!text)
        return;
    corv_rc rc = corv_text_bytes(text, &value);

    if (in_range(r, cell, rc, value))
        *out = value;
}

void corv_take_date(struct corv_reader *r, struct corv_cell cell, int *out)
{
    const char *text = text_of(r, cell);

    *out = 0;
    if (text && corv_text_day(text, out) != CORV_OK)
        bad(r, cell, "config.bad-date",
            "Dit is geen dag; schrijf jaar-maand-dag, bijvoorbeeld 2026-01-31.");
}
