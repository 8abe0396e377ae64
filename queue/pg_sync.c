/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/pg_sync.h"

#include <stdlib.h>
#include <string.h>

#include "queue/migrate.h"
#include "queue/pg_wait.h"

#define CONNECT_S 10

/* Longest prefix first: the first row that fits is taken. */
static const struct {
    const char *sqlstate;
    const char *code;
    const char *text;
} reasons[] = {
    {"53100", "store.disk-full",
        "De schijf van de database is vol. Maak ruimte op de schijf en probeer het opnieuw."},
    {"53300", "store.connections",
        "De database heeft geen verbinding meer vrij. Verhoog max_connections of sluit andere "
        "programma's."},
    {"53", "store.resources",
        "De database heeft te weinig geheugen of schijfruimte. Kijk in het logboek van "
        "PostgreSQL."},
    {"55P03", "store.locked",
        "Een andere sessie houdt een slot in de database vast. Wacht tot die klaar is en probeer "
        "het "
        "opnieuw."},
    {"57014", "store.timeout",
        "De database antwoordde niet binnen de tijd. Probeer het opnieuw; kijk bij herhaling of de "
        "database het te druk heeft."},
    {"57", "store.closing", "De database stopt of start opnieuw. Probeer het zo nog eens."},
    {"08", "store.unreachable",
        "De verbinding met de database is verbroken. Kijk of PostgreSQL draait."},
    {"25006", "store.read-only",
        "De database neemt geen wijzigingen aan (alleen-lezen). Verbind met de primaire server: "
        "target_session_attrs=read-write."},
    {"28", "store.login",
        "De database weigert de aanmelding. Controleer gebruiker en wachtwoord bij 'database' in "
        "de "
        "configuratie."},
    {"3D000", "store.no-database",
        "De database bestaat niet. Maak haar aan of wijzig 'database' in de configuratie."},
    {"42501", "store.privilege",
        "De gebruiker van corvd mist rechten in de database. Laat de databasebeheerder die geven."},
    {"42P01", "store.no-tables",
        "De tabellen van corvd staan niet in deze database. Start corvd eenmaal, dan worden ze "
        "gemaakt."},
    {"3F000", "store.no-tables",
        "De tabellen van corvd staan niet in deze database. Start corvd eenmaal, dan worden ze "
        "gemaakt."},
    {"42883", "store.no-tables",
        "De tabellen van corvd in deze database zijn niet volledig. Start corvd opnieuw, dan "
        "worden ze bijgewerkt."},
    {"42703", "store.no-tables",
        "De tabellen van corvd in deze database zijn niet volledig. Start corvd opnieuw, dan "
        "worden ze bijgewerkt."},
    {CORV_MIGRATE_OLDER, "store.schema-older",
        "De tabellen in de database zijn ouder dan deze corvd: er is een oudere back-up "
        "teruggezet, of een fail-over met verlies geweest. Start corvd opnieuw: het werkt ze bij, "
        "en houdt zo nodig vast wat wacht."},
    {CORV_PG_DAMAGED, "store.schema-damaged",
        "Er ontbreekt iets van corvd in de database, en een herstart maakt dat niet. Zet het "
        "terug, of zet een back-up terug."},
    {"old-primary", "store.old-primary",
        "Deze server was de primaire voor een fail-over en mag niets meer aannemen. Zet hem uit, "
        "of "
        "maak er een standby van (pg_rewind)."},
    {"primary-unwritten", "store.primary-unwritten",
        "Het bestand primary in state_dir is niet te schrijven: corvd moet weten welke server de "
        "primaire is voor hij daar iets aanneemt. Kijk naar ruimte en rechten."},
    {"no-standby", "store.no-standby",
        "PostgreSQL wacht op geen standby (synchronous_standby_names is leeg), en "
        "synchronous_standby: true eist dat."},
    {"node-name-in-use", "store.node-in-use",
        "Een andere corvd met dezelfde node-naam is nog verbonden."},
    {"database-went-back", "store.went-back",
        "De database is ouder dan wat corvd erin vastlegde: er is een fail-over met verlies "
        "geweest, "
        "of een kopie teruggezet. Start corvd opnieuw; wat wacht wordt vastgehouden."},
    {"40", "store.conflict", "Een andere sessie wijzigde hetzelfde. Probeer het opnieuw."},
};

static int row_of(const char *state)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (strncmp(state, reasons[i].sqlstate, strlen(reasons[i].sqlstate)) == 0)
            return (int)i;
    return -1;
}

const char *corv_pg_state_text(const char *state)
{
    int row = row_of(state);

    return row < 0 ? NULL : reasons[row].text;
}

static corv_rc fault_of_state(const char *state, struct corv_fault *fault)
{
    int row = row_of(state);

    if (row >= 0)
        return CORV_FAIL(
            fault, CORV_E_IO, CORV_FAULT_STORE, reasons[row].code, "%s", reasons[row].text);
    return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "store.refused",
        "De database weigerde een opdracht van corvd (SQLSTATE %s). Kijk in het logboek van "
        "PostgreSQL.",
        state);
}

corv_rc corv_pg_sync_fault(PGconn *c, const PGresult *r, struct corv_fault *fault)
{
    const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;

    if (!corv_patience_asks())
        return corv_patience_fault(fault);
    if (state && *state && PQstatus(c) == CONNECTION_OK)
        return fault_of_state(state, fault);
    if (state && *state && strncmp(state, "57", 2) == 0)
        return fault_of_state(state, fault);
    if (PQstatus(c) != CONNECTION_OK)
        return fault_of_state("08006", fault);
    return CORV_FAIL(fault, CORV_E_NOMEM, CORV_FAULT_STORE, "store.memory",
        "Er is te weinig geheugen voor het antwoord van de database.");
}

/* libpq's own words about reaching a server hold host names and paths, never a password; what it
 * says about a conninfo it cannot read may quote a piece of one, so that is not repeated. */
static corv_rc connect_fault(const char *conninfo, PGconn *c, struct corv_fault *fault)
{
    PQconninfoOption *parsed = PQconninfoParse(conninfo, NULL);
    const char *said = c ? PQerrorMessage(c) : "";

    if (!corv_patience_asks()) {
        PQconninfoFree(parsed);
        return corv_patience_fault(fault);
    }
    if (!parsed)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "store.conninfo",
            "'database' in de configuratie is geen goede verbindingstekst. Gebruik "
            "postgresql://GEBRUIKER@HOST/NAAM of 'embedded'.");
    PQconninfoFree(parsed);
    return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "store.unreachable",
        "De database is niet bereikbaar. Kijk of PostgreSQL draait en of 'database' klopt: %.*s",
        *said ? (int)strcspn(said, "\n") : 100, *said ? said : "geen antwoord binnen de tijd.");
}

static corv_rc check_server(PGconn *c, struct corv_fault *fault)
{
    const char *encoding = PQparameterStatus(c, "server_encoding");

    if (PQserverVersion(c) < CORV_PG_SYNC_SERVER_MIN)
        return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_SETTINGS, "store.server-old",
            "De server is PostgreSQL %d; corvd heeft 14 of nieuwer nodig.",
            PQserverVersion(c) / 10000);
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_SETTINGS, "store.encoding",
            "De database gebruikt niet UTF8. Maak een nieuwe database met ENCODING 'UTF8'.");
    return CORV_OK;
}

static void no_notices(void *ctx, const PGresult *r)
{
    (void)ctx;
    (void)r; /* stderr is the daemon's log: nothing unstructured goes there */
}

/* connect_timeout, for which libpq has no eye while it connects step by step */
static unsigned limit_s(const char *conninfo)
{
    PQconninfoOption *parsed = PQconninfoParse(conninfo, NULL);
    long said = 0;

    for (const PQconninfoOption *o = parsed; o && o->keyword; o++)
        if (strcmp(o->keyword, "connect_timeout") == 0 && o->val)
            said = strtol(o->val, NULL, 10);
    PQconninfoFree(parsed);
    return said > 0 && said < 3600 ? (unsigned)said : CONNECT_S;
}

corv_rc corv_pg_sync_open(
    const char *conninfo, const char *application, PGconn **out, struct corv_fault *fault)
{
    const char *const keys[] = {"connect_timeout", "tcp_user_timeout", "dbname",
        "fallback_application_name", "client_encoding", NULL};
    const char *const values[] = {"10", "30000", conninfo, application, "UTF8", NULL};
    PGconn *c = corv_pg_wait_open(keys, values, limit_s(conninfo));
    corv_rc rc = CORV_OK;

    *out = NULL;
    if (!c || PQstatus(c) != CONNECTION_OK)
        rc = connect_fault(conninfo, c, fault);
    else
        rc = check_server(c, fault);
    if (rc != CORV_OK) {
        PQfinish(c);
        return rc;
    }
    (void)PQsetNoticeReceiver(c, no_notices, NULL);
    *out = c;
    return CORV_OK;
}

static corv_rc result_rc(PGconn *c, PGresult *r, PGresult **out, struct corv_fault *fault)
{
    ExecStatusType status = PQresultStatus(r);
    corv_rc rc = CORV_OK;

    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        rc = corv_pg_sync_fault(c, r, fault);
    if (rc == CORV_OK && out)
        *out = r;
    else
        PQclear(r);
    return rc;
}

corv_rc corv_pg_sync_exec(PGconn *c, const char *sql, struct corv_fault *fault)
{
    return result_rc(c, corv_pg_wait_exec(c, sql), NULL, fault);
}

corv_rc corv_pg_sync_query(PGconn *c, const char *sql, int count, const char *const *params,
    PGresult **out, struct corv_fault *fault)
{
    PGresult *r = corv_pg_wait_params(c, sql, count, params, NULL, NULL, 0);

    if (out)
        *out = NULL;
    return result_rc(c, r, out, fault);
}
