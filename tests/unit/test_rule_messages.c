/* SPDX-License-Identifier: EUPL-1.2 */
/* Every rule of the pack: a message it is silent about, and the same message with one thing
 * changed that it must find, at the right place. The changed message still passes the schema,
 * because what the schema refuses needs no rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/reader.h"
#include "schemas/reference.h"
#include "schemas/rule.h"
#include "schemas/schema_check.h"
#include "schemas/schema_set.h"
#include "schemas/verdict.h"

#include "test_rule_messages.h"

#define TODAY 20260615

struct row {
    const char *rule;
    const char *base;
    const char *from; /* first place where it stands, every place with a * in front … */
    const char *to;   /* … becomes this */
    const char *at;   /* the path of the finding ends with this */
};

/* clang-format off */
#define X(naam, value) "<StUF:extraElement naam=\"" naam "\">" value "</StUF:extraElement>\n"
#define SECOND_DOC(soort) \
    "<ZKN:heeftRelevant StUF:entiteittype=\"ZAKEDC\"><ZKN:gerelateerde StUF:entiteittype=\"EDC\">" \
    "<ZKN:identificatie>DOC-3</ZKN:identificatie><ZKN:dct.omschrijving>" soort "</ZKN:dct.omschrijving>" \
    "<ZKN:creatiedatum>20260501</ZKN:creatiedatum>" \
    "<ZKN:inhoud xmime:contentType=\"application/pdf\" StUF:bestandsnaam=\"b.pdf\">AAAA</ZKN:inhoud>" \
    "</ZKN:gerelateerde></ZKN:heeftRelevant>\n"
#define PARENT(number, born) \
    "<ZKN:heeftAlsBelanghebbende StUF:entiteittype=\"ZAKBTRBLH\"><ZKN:gerelateerde StUF:entiteittype=\"BTR\">" \
    "<ZKN:natuurlijkPersoon StUF:entiteittype=\"NPS\">" number "<BG:geslachtsnaam>Ouder</BG:geslachtsnaam>" \
    "<BG:voornamen>O</BG:voornamen>" born "<BG:sub.telefoonnummer>000-9</BG:sub.telefoonnummer></ZKN:natuurlijkPersoon>" \
    "</ZKN:gerelateerde><ZKN:omschrijving>ouder met gezag</ZKN:omschrijving><StUF:extraElementen>" \
    X("clientvolgnummer", "1") X("indicatieGeinformeerd", "true") "</StUF:extraElementen></ZKN:heeftAlsBelanghebbende>\n"
#define BSN  "<BG:inp.bsn>999000433</BG:inp.bsn>"
#define BORN "<BG:geboortedatum>19900101</BG:geboortedatum>"
#define LARGE "@" /* stands for 22020095 bytes of base64, which with the other three is too much */
#define PDF "xmime:contentType=\"application/pdf\""
#define MEASURE_OF(uitkomst) "<ZKN:resultaat><ZKN:omschrijving>" uitkomst

static const struct row rows[] = {
    {"referentienummer-leeg", BV03, ">ref-1<", "><", "StUF:referentienummer"},
    {"referentienummer-leeg", VTO, ">ref-1<", "> <", "StUF:referentienummer"},
    {"tijdstip-onbestaand", VTO, "20260601120000", "99999999", "StUF:tijdstipBericht"},
    {"tijdstip-onbestaand", BV01, "20260601120000", "20260601250000", "StUF:tijdstipBericht"},
    {"tijdstip-toekomst", VTO, "20260601120000", "20360601120000", "StUF:tijdstipBericht"},
    {"crossrefnummer-leeg", BV01, ">ref-0<", "> <", "StUF:crossRefnummer"},
    {"crossrefnummer-leeg", UCOB, ">ref-0<", "><", "StUF:crossRefnummer"},
    {"crossrefnummer-leeg-ontvangst", BV03, ">ref-0<", "><", "StUF:crossRefnummer"},

    {"bsn-elfproef", VTO, ">999000032<", ">999000033<", "heeftBetrekkingOp[1]/ZKN:gerelateerde/ZKN:natuurlijkPersoon/BG:inp.bsn"},
    {"bsn-elfproef", VCOB, ">999000032<", ">999000033<", "BG:inp.bsn"},
    {"bsn-elfproef", VT_MELDING, ">999000196<", ">999000197<", "heeftBetrokken[3]/JZ:gerelateerde/BG:inp.bsn"},
    {"bsn-nullen", VTO, ">999000032<", ">000000000<", "BG:inp.bsn"},
    {"bsn-kinderen-gelijk", VT_MELDING, ">999000123<", ">999000032<", "heeftBetrokken[2]/JZ:gerelateerde/BG:inp.bsn"},
    {"bsn-kind-ouder", VT_MELDING, ">999000196<", ">999000032<", "heeftBetrokken[3]/JZ:gerelateerde/BG:inp.bsn"},
    {"bsn-kind-ouder", VTO, "<BG:geslachtsnaam>Moeder", "<BG:inp.bsn>999000032</BG:inp.bsn><BG:geslachtsnaam>Moeder", "BG:inp.bsn"},
    {"persoon-twee-nummers", VTO, "<BG:inp.bsn>999000032</BG:inp.bsn>", "<BG:inp.bsn>999000032</BG:inp.bsn><BG:inp.bsn>999000123</BG:inp.bsn>", "BG:inp.bsn[2]"},
    {"persoon-meer-in-relatie", VTO, "</ZKN:natuurlijkPersoon>", "</ZKN:natuurlijkPersoon><ZKN:natuurlijkPersoon StUF:entiteittype=\"NPS\"/>", "ZKN:natuurlijkPersoon[2]"},
    {"kind-ontbreekt", NOTIFICATIEJR, "<ZKN:gerelateerde StUF:entiteittype=\"OBJ\">\n<ZKN:natuurlijkPersoon StUF:entiteittype=\"NPS\"><BG:inp.bsn>999000032</BG:inp.bsn>\n<BG:geslachtsnaam>Kind</BG:geslachtsnaam>\n<BG:geboortedatum>20110101</BG:geboortedatum></ZKN:natuurlijkPersoon>", "<ZKN:gerelateerde StUF:entiteittype=\"OBJ\">", "ZKN:heeftBetrekkingOp"},
    {"kind-ontbreekt", VCOB, "<ZKN:natuurlijkPersoon StUF:entiteittype=\"NPS\"><BG:inp.bsn>999000032</BG:inp.bsn>\n<BG:geslachtsnaam>Kind</BG:geslachtsnaam>\n<BG:geboortedatum>20100101</BG:geboortedatum></ZKN:natuurlijkPersoon>", "<ZKN:natuurlijkPersoon StUF:entiteittype=\"NPS\" xsi:nil=\"true\"/>", "JZ:heeftBetrekkingOp"},
    {"kind-ontbreekt-gm", GENERIEK, "<ZKN:natuurlijkPersoon StUF:entiteittype=\"NPS\"><BG:inp.bsn>999000032</BG:inp.bsn>\n<BG:geslachtsnaam>Kind</BG:geslachtsnaam>\n<BG:voornamen>K</BG:voornamen>\n<BG:geslachtsaanduiding>V</BG:geslachtsaanduiding>\n<BG:geboortedatum>20100101</BG:geboortedatum>\n<BG:adres xsi:nil=\"true\"/></ZKN:natuurlijkPersoon>", "", "ZKN:heeftBetrekkingOp"},
    {"kind-identificatie", VTO, "<BG:inp.bsn>999000032</BG:inp.bsn>", "<BG:inp.bsn xsi:nil=\"true\" StUF:noValue=\"geenWaarde\"/>", "ZKN:natuurlijkPersoon"},
    {"kind-identificatie-notificatie", NOTIFICATIE, "<BG:inp.bsn>999000032</BG:inp.bsn>", "", "ZKN:natuurlijkPersoon"},
    {"kind-geslachtsnaam", VTO, "<BG:geslachtsnaam>Kind</BG:geslachtsnaam>", "<BG:geslachtsnaam xsi:nil=\"true\" StUF:noValue=\"waardeOnbekend\"/>", "ZKN:natuurlijkPersoon"},
    {"kind-geslachtsnaam-notificatie", NOTIFICATIE, "<BG:geslachtsnaam>Kind</BG:geslachtsnaam>", "<BG:geslachtsnaam> </BG:geslachtsnaam>", "ZKN:natuurlijkPersoon"},
    {"kind-geboortedatum", VTO, "<BG:geboortedatum>20180101</BG:geboortedatum>", "", "heeftBetrekkingOp[1]/ZKN:gerelateerde/ZKN:natuurlijkPersoon"},
    {"kind-geboortedatum-notificatie", NOTIFICATIE, "<BG:geboortedatum>20180101</BG:geboortedatum>", "", "ZKN:natuurlijkPersoon"},
    {"kind-geslacht", VTO, "<BG:geslachtsaanduiding>M</BG:geslachtsaanduiding>", "", "ZKN:natuurlijkPersoon"},
    {"kind-geslacht-notificatie", NOTIFICATIE, "<BG:geslachtsaanduiding>M</BG:geslachtsaanduiding>", "", "ZKN:natuurlijkPersoon"},
    {"datum-onbestaand", VTO, ">20260401<", ">-2026.0<", "ZKN:startdatum"},
    {"datum-onbestaand", VTO, ">20260402<", ">1<", "ZKN:registratiedatum"},
    {"datum-onbestaand", VTO, "<BG:geboortedatum>20180101", "<BG:geboortedatum>20180231", "BG:geboortedatum"},
    {"datum-onbestaand", VTO, "<BG:geboortedatum>20180101", "<BG:geboortedatum StUF:indOnvolledigeDatum=\"D\">20181301", "BG:geboortedatum"},
    {"datum-onbestaand", VTO, ">20260531<", ">31-05-2026<", "StUF:extraElement[1]"},
    {"datum-onbestaand", VT_MELDING, ">20260529<", ">20260532<", "JZ:datumIncident"},
    {"moment-onbestaand", NOTIFICATIE, ">20260530<", ">202605302460<", "ZKN:datumStatusGezet"},
    {"moment-onbestaand", GENERIEK, ">202605021200<", ">20260502120<", "JZ:datumtijdEinde"},
    {"geboortedatum-toekomst", VTO, "<BG:geboortedatum>20180101", "<BG:geboortedatum>20260617", "BG:geboortedatum"},
    {"geboortedatum-toekomst", VCOB, ">20100101<", ">20300101<", "BG:geboortedatum"},
    {"geboortedatum-toekomst-melding", VT_MELDING, ">20100101<", ">20300101<", "BG:geboortedatum"},
    {"extra-hoofdletters", NOTIFICATIE, "uitvoerendeInstantie", "uitvoerendeinstantie", "/@naam"},
    {"extra-onbekend", VTO, "naam=\"datumIndiening\"", "naam=\"datumIets\"", "/@naam"},

    {"clientvolgnummer-ontbreekt", VTO, X("clientvolgnummer", "1"), X("clientvolgnummer", " "), "ZKN:natuurlijkPersoon"},
    {"clientvolgnummer-dubbel", VTO, X("clientvolgnummer", "2"), X("clientvolgnummer", "1"), "heeftBetrekkingOp[2]/ZKN:gerelateerde/ZKN:natuurlijkPersoon/StUF:extraElementen/StUF:extraElement"},
    {"clientvolgnummer-onbekend", VTO, X("clientvolgnummer", "1") X("indicatieGeinformeerd", "false"), X("clientvolgnummer", "7") X("indicatieGeinformeerd", "false"), "heeftAlsBelanghebbende[2]/StUF:extraElementen/StUF:extraElement[1]"},
    {"belanghebbende-zonder-kind", VTO, X("clientvolgnummer", "1") X("indicatieGeinformeerd", "false"), X("indicatieGeinformeerd", "false"), "heeftAlsBelanghebbende[2]"},
    {"kind-zonder-belanghebbende", VTO, X("clientvolgnummer", "1") "</StUF:extraElementen>\n</ZKN:natuurlijkPersoon>", X("clientvolgnummer", "8") "</StUF:extraElementen>\n</ZKN:natuurlijkPersoon>", "heeftBetrekkingOp[1]/ZKN:gerelateerde/ZKN:natuurlijkPersoon"},
    {"belanghebbende-leeg", VTO, "<ZKN:vestiging StUF:entiteittype=\"VES\"><BG:handelsnaamVerkort>Voogdij</BG:handelsnaamVerkort>\n<BG:sub.telefoonnummer>000-2</BG:sub.telefoonnummer>\n<StUF:extraElementen>" X("kvkNummer", "12345678") "</StUF:extraElementen>\n</ZKN:vestiging>", "", "heeftAlsBelanghebbende[2]"},
    {"belanghebbende-dubbel", VTO, "<ZKN:heeftAlsUitvoerende", PARENT(BSN, "") PARENT(BSN, "") "<ZKN:heeftAlsUitvoerende", "heeftAlsBelanghebbende[4]/ZKN:gerelateerde/ZKN:natuurlijkPersoon/BG:inp.bsn"},
    {"belanghebbende-dubbel", VTO, "<ZKN:heeftAlsUitvoerende", PARENT("", BORN) PARENT("", BORN) "<ZKN:heeftAlsUitvoerende", "heeftAlsBelanghebbende[4]/ZKN:gerelateerde/ZKN:natuurlijkPersoon"},
    {"geinformeerd-ontbreekt", VTO, X("indicatieGeinformeerd", "true"), "", "heeftAlsBelanghebbende[1]"},
    {"geinformeerd-waarde", VTO, X("indicatieGeinformeerd", "true"), X("indicatieGeinformeerd", "Ja"), "StUF:extraElement[3]"},
    {"geinformeerd-reden", VTO, X("redenGeenInformering", "onvindbaar"), "", "heeftAlsBelanghebbende[2]"},
    {"kvk-ontbreekt", VTO, X("kvkNummer", "12345678"), X("kvkNummer", ""), "ZKN:vestiging"},
    {"kvk-cijfers", VTO, X("kvkNummer", "12345678"), X("kvkNummer", "1234567a"), "StUF:extraElement"},
    {"rsin-elfproef", VTO, ">999000585<", ">999000586<", "BG:inn.nnpId"},
    {"indiener-ontbreekt", VTO, "<ZKN:medewerker StUF:entiteittype=\"MDW\"><ZKN:achternaam>Proef</ZKN:achternaam>\n<ZKN:telefoonnummer>000-3</ZKN:telefoonnummer>\n<ZKN:emailadres>a@proef.example</ZKN:emailadres></ZKN:medewerker>", "<ZKN:medewerker StUF:entiteittype=\"MDW\" xsi:nil=\"true\"/>", "ZKN:heeftAlsUitvoerende"},
    {"indiener-onbereikbaar", VTO, "<ZKN:telefoonnummer>000-3</ZKN:telefoonnummer>\n<ZKN:emailadres>a@proef.example</ZKN:emailadres>", "", "ZKN:medewerker"},
    {"urgentie-waarde", VTO, X("urgentie", "Hoog"), X("urgent", "hoog"), "StUF:extraElement[2]"},
    {"urgentie-dubbel", VTO, X("urgentie", "Hoog"), X("urgentie", "Hoog") X("urgent", "Laag"), "JZ:object/StUF:extraElementen"},
    {"zaakdatum-toekomst", VTO, ">20260401<", ">20991231<", "ZKN:startdatum"},
    {"zaakdatum-toekomst", VTO, ">20260531<", ">20260617<", "StUF:extraElement[1]"},
    {"ongeboren-nummer", VTO, "<BG:geboortedatum>20260901", "<BG:inp.bsn>999000123</BG:inp.bsn><BG:geboortedatum>20260901", "BG:inp.bsn"},
    {"ongeboren-datum", VTO, "<BG:geboortedatum>20260901</BG:geboortedatum>", "", "heeftBetrekkingOp[2]"},
    {"ongeboren-datum-verleden", VTO, "<BG:geboortedatum>20260901", "<BG:geboortedatum>20251101", "BG:geboortedatum"},
    {"ongeboren-moeder", VTO, X("clientvolgnummer", "1") X("clientvolgnummer", "2"), X("clientvolgnummer", "1"), "heeftBetrekkingOp[2]"},
    {"ongeboren-moeder", VTO, X("clientvolgnummer", "1") X("indicatieGeinformeerd", "false"), X("clientvolgnummer", "1") X("clientvolgnummer", "2") X("indicatieGeinformeerd", "false"), "heeftBetrekkingOp[2]"},
    {"ongeboren-moeder-rol", VTO, ">ouder, gezag niet benoemd<", ">ouder met gezag<", "heeftAlsBelanghebbende[1]/ZKN:omschrijving"},
    {"ongeboren-moeder-vrouw", VTO, "<BG:geslachtsaanduiding>V</", "<BG:geslachtsaanduiding>M</", "heeftAlsBelanghebbende[1]"},
    {"ongeboren-moeder-telefoon", VTO, "<BG:sub.telefoonnummer>000-1</BG:sub.telefoonnummer>", "", "ZKN:natuurlijkPersoon"},

    {"formulier", VTO, ">Verzoek tot onderzoek RvdK<", ">Hulpverleningsrapportage<", "ZKN:heeftRelevant[1]"},
    {"formulier", VTO, "</JZ:object>", SECOND_DOC("Verzoek tot onderzoek RvdK") "</JZ:object>", "ZKN:heeftRelevant[1]"},
    {"gezinsgeschiedenis", VTO, "</JZ:object>", SECOND_DOC("Gezinsgeschiedenis") "</JZ:object>", "ZKN:heeftRelevant[1]"},
    {"bijlagen-omvang", VTO, ">AAAA<", ">" LARGE "<", "JZ:object"},
    {"bijlage-leeg", VTO, ">AAAA<", "><", "ZKN:heeftRelevant[1]/ZKN:gerelateerde/ZKN:inhoud"},
    {"bijlage-leeg", ZORGMELDING, ">AAAA<", "> \n <", "ZKN:inhoud"},
    {"bijlage-base64", VTO, ">AAAA<", ">AA--AA__AA==<", "ZKN:inhoud"},
    {"inhoudstype-ontbreekt", VTO, PDF, "", "ZKN:inhoud"},
    {"inhoudstype-ontbreekt", ZORGMELDING, PDF, "", "ZKN:inhoud"},
    {"inhoudstype-vorm", VTO, PDF, "xmime:contentType=\"pdf/\"", "ZKN:inhoud/@xmime:contentType"},
    {"inhoudstype-uitvoerbaar", VTO, PDF, "xmime:contentType=\"Application/X-MSDownload; x=1\"", "ZKN:inhoud/@xmime:contentType"},
    {"inhoudstype-lijst", VTO, PDF, "xmime:contentType=\"video/mp4\"", "ZKN:inhoud/@xmime:contentType"},
    {"bestandsnaam", VTO, "\"vto formulier.pdf\"", "\"../x.pdf\"", "ZKN:inhoud/@StUF:bestandsnaam"},
    {"bestandsnaam", VTO, "\"vto formulier.pdf\"", "\" vto.pdf\"", "ZKN:inhoud/@StUF:bestandsnaam"},
    {"bestandsnaam", VTO, "\"vto formulier.pdf\"", "\"vto.pdf.pdf\"", "ZKN:inhoud/@StUF:bestandsnaam"},
    {"bestandsnaam", VTO, "\"vto formulier.pdf\"", "\"\"", "ZKN:inhoud/@StUF:bestandsnaam"},
    {"bestandsnaam-letters", VTO, "\"vto formulier.pdf\"", "\"zo\xC3\xAB.pdf\"", "ZKN:inhoud/@StUF:bestandsnaam"},
    {"bestandsnaam-uitvoerbaar", VTO, "\"vto formulier.pdf\"", "\"vto.EXE\"", "ZKN:inhoud/@StUF:bestandsnaam"},

    {"notificatie-zaaknummer", NOTIFICATIE, "<ZKN:identificatie>raad-1</ZKN:identificatie>", "", "JZ:object"},
    {"notificatie-instantie", NOTIFICATIE, X("instantie", "RC0001"), "", "JZ:object"},
    {"instantie-onbekend", NOTIFICATIE, X("instantie", "RC0001"), X("instantie", "RC9999"), "StUF:extraElement[1]"},
    {"instantie-beeindigd", NOTIFICATIE, X("instantie", "RC0001"), X("instantie", "RC0002"), "StUF:extraElement[1]"},
    {"instantie-overig", NOTIFICATIE, X("beslissendeInstantie", "AR0001"), X("beslissendeInstantie", "AR0009"), "StUF:extraElement[1]"},
    {"instantie-overig", NOTIFICATIEJR, X("instantie", "RC0001"), X("instantie", "RC0002"), "StUF:extraElement"},
    {"ambtshalve-waarde", NOTIFICATIE, X("indicatieAmbtshalve", "false"), X("indicatieAmbtshalve", "Nee"), "StUF:extraElement[2]"},
    {"ambtshalve-met-vto", NOTIFICATIE, X("indicatieAmbtshalve", "false"), X("indicatieAmbtshalve", "true"), "ZKN:heeftBetrekkingOpAndere"},
    {"resultaat-past-niet", NOTIFICATIE, ">Zaak afgerond<", ">Intake afgerond<", "ZKN:resultaat/ZKN:omschrijving"},
    {"maatregel-ontbreekt", ONGEBOREN, "<StUF:extraElementen>" X("instantie", "RC0001"), MEASURE_OF("Maatregel opgelegd") "</ZKN:omschrijving></ZKN:resultaat><StUF:extraElementen>" X("instantie", "RC0001"), "ZKN:resultaat"},
    {"maatregel-tegenspraak", NOTIFICATIE, MEASURE_OF("Maatregel opgelegd"), MEASURE_OF("Geen maatregel opgelegd"), "ZKN:leidtTot"},
    {"maatregel-einde", NOTIFICATIE, ">20270601<", ">20260531<", "ZKN:einddatumWerking"},
    {"status-toekomst", NOTIFICATIE, ">20260530<", ">20260630<", "ZKN:datumStatusGezet"},
    {"beslissing-toekomst", NOTIFICATIE, ">20260529<", ">20260629<", "ZKN:datumBeslissing"},
    {"notificatie-moeder", ONGEBOREN, "<BG:geslachtsnaam>Moeder<", "<BG:geslachtsnaam> <", "ZKN:heeftBetrekkingOp"},
    {"notificatie-belanghebbende", ONGEBOREN, ">Client (ongeboren kind)<", ">Client (kind)<", "ZKN:heeftAlsBelanghebbende"},
    {"toezicht-onvolledig", NOTIFICATIEJR, X("toezichtBegindatum", "20260501"), "", "ZKN:heeftBetrekkingOp"},
    {"toezicht-alleen-einde", NOTIFICATIEJR, X("toezichtSoort", "Voorwaarde sepot") X("toezichtBegindatum", "20260501"), "", "ZKN:heeftBetrekkingOp"},
    {"toezicht-einde", NOTIFICATIEJR, X("toezichtEinddatum", "20270501"), X("toezichtEinddatum", "20260430"), "ZKN:heeftBetrekkingOp"},
    {"signaaltype", NOTIFICATIEJR, ">Notificatie jeugdreclassering<", ">Jeugdzorgmelding<", "StUF:extraElement"},
    {"signaaltype", ZORGMELDING, ">Jeugdzorgmelding<", ">Proef<", "StUF:extraElement"},
    {"signaaltype", ZORGMELDING, X("signaaltype", "Jeugdzorgmelding"), X("vtoIndicatie", "true"), "StUF:extraElementen"},
    {"jr-identificatie", NOTIFICATIEJR, "<BG:inp.bsn>999000032</BG:inp.bsn>", "", "ZKN:natuurlijkPersoon"},

    {"vervolgactie-organisatie", TERUGKOPPELING, "<ZKN:vestiging StUF:entiteittype=\"VES\"><BG:handelsnaamVerkort>Wijkteam</BG:handelsnaamVerkort></ZKN:vestiging>", "", "ZKN:resultaat"},
    {"vervolgactie-ontbreekt", TERUGKOPPELING, X("vervolgactie", "Overdracht"), "", "ZKN:resultaat"},
    {"vervolgactie-tegenspraak", TERUGKOPPELING, ">Vervolgactie nodig<", ">Geen actie nodig<", "ZKN:resultaat"},
    {"vto-indicatie-waarde", TERUGKOPPELING, X("vtoIndicatie", "false"), X("vtoIndicatie", "nee"), "StUF:extraElement[2]"},
    {"zorgmelding-niemand", ZORGMELDING, "<ZKN:heeftBetrekkingOp StUF:entiteittype=\"ZAKOBJ\"><ZKN:gerelateerde StUF:entiteittype=\"OBJ\">\n<ZKN:natuurlijkPersoon StUF:entiteittype=\"NPS\"><BG:inp.bsn>999000032</BG:inp.bsn>\n<BG:geslachtsnaam>Kind</BG:geslachtsnaam></ZKN:natuurlijkPersoon></ZKN:gerelateerde>\n<ZKN:omschrijving>jeugdige</ZKN:omschrijving></ZKN:heeftBetrekkingOp>", "", "JZ:object"},
    {"sash-ontbreekt", VT_MELDING, "<JZ:SASHniveau>laag</JZ:SASHniveau>", "", "JZ:indicatieSASHIngevuld"},
    {"sash-tegenspraak", VT_MELDING, "<JZ:indicatieSASHIngevuld>Ja<", "<JZ:indicatieSASHIngevuld>Nee<", "JZ:SASHniveau"},
    {"incident-na-melding", VT_MELDING, ">20260529<", ">20260531<", "JZ:datumIncident"},
    {"melding-toekomst", VT_MELDING, ">20260530<", ">20260630<", "JZ:datumMelding"},
    {"melding-toekomst", GENERIEK, ">20260530101500<", ">20260630101500<", "JZ:datumTijdMelding"},
    {"vt-jeugdige", VT_MELDING, "*>jeugdige<", ">kind<", "JZ:object"},
    {"vt-uitkomst-past-niet", VT_TERUGKOPPELING, ">uitkomst veiligheidsbeoordeling<", ">afsluiting zonder overdracht<", "ZKN:uitkomst"},
    {"verzoeken-verschillen", UCOB, "<JZ:verzoekidentificatie>VV-01<", "<JZ:verzoekidentificatie>VV-02<", "JZ:object[2]/JZ:verzoekidentificatie"},
    {"gm-status-soort", UITKOMST, ">VT-02<", ">ZVH-01<", "JZ:statuscode"},
    {"gm-vraag-soort", GENERIEK, ">VT-001<", ">ZVH-001<", "JZ:vraagCode"},
    {"gm-periode", GENERIEK, ">202605021200<", ">202604301200<", "JZ:periodeVanTot"},
    {"gm-reden", GENERIEK, "<BG:redenNietGeinformeerd>veiligheid</BG:redenNietGeinformeerd>", "", "ZKN:informering"},

    {"foutcode", FO01, ">StUF055<", ">STUF16<", "StUF:code"},
    {"foutcode-plek", FO01, ">client<", ">server<", "StUF:plek"},

    {"tm-medewerker", VTO, "<ZKN:emailadres>a@proef.example</ZKN:emailadres>", "", "ZKN:medewerker"},
    {"tm-organisatie", VTO, ">Gemeente Proef<", "> <", "ZKN:nietNatuurlijkPersoon"},
    {"tm-belanghebbende-naam", VTO, ">Moeder<", "> <", "ZKN:natuurlijkPersoon"},
    {"tm-belanghebbende-bereikbaar", VTO, ">000-2<", "> <", "ZKN:vestiging"},
    {"tm-indienernummer", NOTIFICATIE, "<ZKN:identificatie>zaak-1</ZKN:identificatie>", "", "JZ:object"},
    {"tm-ambtshalve", NOTIFICATIE, X("indicatieAmbtshalve", "false"), "", "JZ:object"},
    {"tm-moeder-bsn", ONGEBOREN, "<BG:inp.bsn>999000123</BG:inp.bsn>", "", "ZKN:natuurlijkPersoon"},
    {"tm-rekest", ONGEBOREN, ">Intake afgerond<", ">Onderzoek afgerond<", "JZ:object"},
    {"tm-uitspraak", ONGEBOREN, ">Intake afgerond<", ">Zaak afgerond<", "JZ:object"},
    {"tm-beslissende-instantie", NOTIFICATIE, X("beslissendeInstantie", "AR0001"), "", "ZKN:leidtTot/ZKN:gerelateerde"},
    {"th-medewerker", VTO, "<ZKN:telefoonnummer>000-3", "<ZKN:functie>proef</ZKN:functie><ZKN:telefoonnummer>000-3", "ZKN:functie"},
    {"th-ouder", VTO, "<BG:geslachtsaanduiding>V</BG:geslachtsaanduiding>", "<BG:geslachtsaanduiding>V</BG:geslachtsaanduiding><BG:verblijfsadres><BG:wpl.woonplaatsNaam>Hier</BG:wpl.woonplaatsNaam></BG:verblijfsadres>", "BG:verblijfsadres"},
    {"th-instelling", VTO, "<BG:handelsnaamVerkort>Voogdij", "<BG:vestigingsNummer>123456789012</BG:vestigingsNummer><BG:handelsnaamVerkort>Voogdij", "BG:vestigingsNummer"},
    {"th-ongeboren", VTO, "<BG:geboortedatum>20260901", "<BG:voornamen>Al</BG:voornamen><BG:geboortedatum>20260901", "BG:voornamen"},
    {"th-notificatie-kind", NOTIFICATIE, "<BG:geboortedatum>20180101</BG:geboortedatum>", "<BG:geboortedatum>20180101</BG:geboortedatum><BG:verblijfsadres><BG:wpl.woonplaatsNaam>Hier</BG:wpl.woonplaatsNaam></BG:verblijfsadres>", "BG:verblijfsadres"},
    {"th-notificatie-moeder", ONGEBOREN, "<BG:voornamen>M</BG:voornamen>", "<BG:voornamen>M</BG:voornamen><BG:geboortedatum>19900101</BG:geboortedatum>", "BG:geboortedatum"},

    {"entiteittype", VTO, "<ZKN:heeftBetrekkingOp StUF:entiteittype=\"ZAKOBJ\">", "<ZKN:heeftBetrekkingOp StUF:entiteittype=\"ZAKBTR\">", "ZKN:heeftBetrekkingOp[1]/@StUF:entiteittype"},
    {"entiteittype", ZORGMELDING, "<ZKN:natuurlijkPersoon StUF:entiteittype=\"NPS\">", "<ZKN:natuurlijkPersoon StUF:entiteittype=\"NNPINN\">", "ZKN:natuurlijkPersoon/@StUF:entiteittype"},
    {"entiteittype", VT_MELDING, "<JZ:object StUF:entiteittype=\"VTM\">", "<JZ:object StUF:entiteittype=\"ZAK\">", "JZ:object/@StUF:entiteittype"},
};
/* clang-format on */

static struct corv_schemas *schemas;
static struct corv_rules *rules;

static struct corv_instance instances[] = {{"AR0001", "Rechtbank", "", 0, 0},
    {"AST001", "GI", "", 0, 0}, {"RC0001", "Raad", "", 0, 0}, {"RC0002", "Raad", "", 0, 20141231}};
static const struct corv_reference reference = {
    .instances = instances, .instances_count = sizeof instances / sizeof *instances};

#define LARGE_BYTES 22020095u

/* The bytes of the attachment that the row only hints at: base64 without padding plus the rest. */
static char *enlarge(char *text)
{
    char *at = strstr(text, ">" LARGE "<");
    size_t chars = LARGE_BYTES / 3 * 4, front;
    char *out;

    if (!at)
        return text;
    front = (size_t)(at - text) + 1;
    out = malloc(strlen(text) + chars + 8);
    assert_non_null(out);
    memcpy(out, text, front);
    memset(out + front, 'A', chars);
    (void)snprintf(out + front + chars, strlen(text) + 8, "AAA=%s", at + 2);
    free(text);
    return out;
}

/* base with from replaced by to; the caller frees. */
static char *change(const struct row *row)
{
    bool all = row->from[0] == '*';
    const char *what = row->from + all, *rest = row->base, *at = strstr(rest, what);
    size_t from = strlen(what), to = strlen(row->to), room = strlen(row->base) + 8 * to + 1;
    char *out = malloc(room), *end = out;

    assert_non_null(out);
    if (!at)
        print_message("%s: the base does not hold what the row replaces\n", row->rule);
    assert_non_null(at);
    for (bool more = true; more && at; more = all) {
        memcpy(end, rest, (size_t)(at - rest));
        end += at - rest;
        memcpy(end, row->to, to);
        end += to;
        rest = at + from;
        at = strstr(rest, what);
    }
    (void)snprintf(end, room - (size_t)(end - out), "%s", rest);
    return enlarge(out);
}

/* Reads, checks with the schema, applies the rules. */
static void judge(const char *text, const char *who, struct corv_findings *findings)
{
    struct corv_document d;
    struct corv_rule_input in = {.document = &d, .today = TODAY, .reference = &reference};

    corv_findings_init(findings);
    assert_int_equal(
        corv_document_read(corv_view_str(text), &corv_read_limits_default, &d, findings), CORV_OK);
    in.message = xmlDocGetRootElement(d.xml);
    in.kind = d.kind;
    if (corv_schema_check(corv_schemas_for(schemas, corv_kind_family(d.kind)), &d, in.message,
            findings) != CORV_OK)
        fail_msg("%s: the schema refuses it: %s %s", who, findings->list[0].path,
            findings->list[0].text);
    assert_int_equal(corv_rules_apply(rules, &in, findings), CORV_OK);
    corv_document_free(&d);
}

static void the_bases_break_no_rule(void **state)
{
    static const char *const bases[] = {VTO, NOTIFICATIE, ONGEBOREN, NOTIFICATIEJR, ZORGMELDING,
        TERUGKOPPELING, VT_MELDING, VT_TERUGKOPPELING, VCOB, UCOB, GENERIEK, UITKOMST, BV01, BV03,
        FO01};
    struct corv_findings f;

    (void)state;
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        judge(bases[i], "base", &f);
        if (f.count)
            fail_msg("base %zu: %s at %s", i, f.list[0].code, f.list[0].path);
        corv_findings_free(&f);
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);

    return n >= k && strcmp(text + n - k, end) == 0;
}

static void each_change_is_found_where_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct corv_findings f;
        char *text = change(&rows[i]), code[64];
        bool found = false;

        (void)snprintf(code, sizeof code, "rule.%s", rows[i].rule);
        judge(text, rows[i].rule, &f);
        for (size_t k = 0; k < f.count; k++)
            found = found || (strcmp(f.list[k].code, code) == 0 && f.list[k].line > 0 &&
                                 ends_with(f.list[k].path, rows[i].at));
        for (size_t k = 0; k < f.count && !found; k++)
            print_message("%s: %s\n", f.list[k].code, f.list[k].path);
        if (!found)
            fail_msg("row %zu, %s: not found at %s", i, code, rows[i].at);
        corv_findings_free(&f);
        free(text);
    }
}

static void every_rule_has_a_row(void **state)
{
    const struct corv_rule_pack *pack = corv_rules_pack(rules);

    (void)state;
    for (size_t r = 0; r < pack->rules_count; r++) {
        size_t i = 0, count = sizeof rows / sizeof *rows;

        while (i < count && strcmp(rows[i].rule, pack->rules[r].id) != 0)
            i++;
        if (i == count)
            fail_msg("no row shows that %s can find something", pack->rules[r].id);
    }
}

/* What may be unknown or half known is accepted: need-to-know data may be missing. */
static void what_may_be_unknown_is_no_error(void **state)
{
    static const struct row fine[] = {
        {"geboortedatum J", VTO, "<BG:geboortedatum>20180101",
            "<BG:geboortedatum StUF:indOnvolledigeDatum=\"J\">20180231", ""},
        {"geboortedatum M", VTO, "<BG:geboortedatum>20180101",
            "<BG:geboortedatum StUF:indOnvolledigeDatum=\"M\">20180000", ""},
        {"geslacht O", VTO, "<BG:geslachtsaanduiding>M<", "<BG:geslachtsaanduiding>O<", ""},
        {"no BSN but a description", NOTIFICATIE, "<BG:geboortedatum>20180101</BG:geboortedatum>",
            "<BG:geboortedatum>20180101</BG:geboortedatum><StUF:extraElementen>" X(
                "beschrijvendeIdentificatie", "kind van de buren") "</StUF:extraElementen>",
            ""},
        {"status as moment", NOTIFICATIE, ">20260530<", ">202605301201<", ""},
        {"instance as OIN", NOTIFICATIE, X("instantie", "RC0001"),
            X("instantie", "00000002003214436001"), ""},
        {"time of tomorrow", VTO, "20260601120000", "20260616000000", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct corv_findings f;
        char *text = change(&fine[i]);

        judge(text, fine[i].rule, &f);
        if (f.count)
            fail_msg("%s: %s at %s", fine[i].rule, f.list[0].code, f.list[0].path);
        corv_findings_free(&f);
        free(text);
    }
}

static int set_up(void **state)
{
    struct corv_fault fault = {0};

    (void)state;
    corv_schemas_init();
    assert_int_equal(corv_schemas_new(&schemas, &fault), CORV_OK);
    if (corv_rules_new(NULL, &rules, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    corv_rules_free(rules);
    corv_schemas_free(schemas);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bases_break_no_rule),
        cmocka_unit_test(each_change_is_found_where_it_is),
        cmocka_unit_test(every_rule_has_a_row),
        cmocka_unit_test(what_may_be_unknown_is_no_error),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
