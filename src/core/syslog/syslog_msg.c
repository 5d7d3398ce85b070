#include "core/syslog_msg.h"

#include "core/syslog_header.h"
#include "core/syslog_word.h"
#include "util/ascii.h"

/* Where a wrapped message begins at the latest: behind a stamp, and a host's name (RFC 1035: 255 octets). */
#define WRAPPED_WITHIN 320

/* "<134>" at the start. Returns its length, 0 when there is none; *ret_pri is -1 out of range. */
static size_t
read_pri(struct slice s, int *ret_pri)
{
	size_t len = 1;
	int pri = 0;

	if (s.len == 0 || s.data[0] != '<')
		return 0;
	while (len < s.len && len < 4 && is_digit(s.data[len]))
		pri = pri * 10 + (s.data[len++] - '0');
	if (len == 1 || len == s.len || s.data[len] != '>')
		return 0;
	*ret_pri = pri <= 191 ? pri : -1;
	return len + 1;
}

/* Cuts the field before the next blank off *rest, and the blank. */
static struct slice
cut_field(struct slice *rest)
{
	size_t len = 0;

	while (len < rest->len && rest->data[len] != ' ')
		len++;
	struct slice field = slice_first(*rest, len);
	*rest = slice_from(*rest, len + 1);
	return field;
}

static struct slice
nil_is_empty(struct slice field)
{
	return slice_eq_str(field, "-") ? (struct slice){ 0 } : field;
}

/* The length of one "[id name="value" ...]" at the start, 0 when it doesn't end. RFC 5424 6.3. */
static size_t
sd_element_len(struct slice s)
{
	bool quoted = false;

	for (size_t i = 1; i < s.len; i++) {
		if (quoted && s.data[i] == '\\')
			i++;
		else if (s.data[i] == '"')
			quoted = !quoted;
		else if (!quoted && s.data[i] == ']')
			return i + 1;
	}
	return 0;
}

static struct slice
read_sd(struct slice s)
{
	size_t len = 0;

	while (len < s.len && s.data[len] == '[') {
		size_t element = sd_element_len(slice_from(s, len));

		if (element == 0)
			break;
		len += element;
	}
	return slice_first(s, len);
}

/* RFC 5424 7.1: the sender says itself that its clock can't be compared. */
static bool
is_clock_doubted(struct slice sd)
{
	return slice_find(sd, SLICE("[timeQuality ")) >= 0 &&
	       (slice_find(sd, SLICE("isSynced=\"0\"")) >= 0 ||
		   slice_find(sd, SLICE("tzKnown=\"0\"")) >= 0);
}

static void
take_time(struct syslog_msg *msg, const struct syslog_stamp *stamp)
{
	msg->has_time = stamp->has_time;
	msg->time_us = stamp->has_time ? stamp->time_us : 0;
}

/* "Mar  1 10:00:00 2025 sw1 %%10...": a relay that writes RFC 5424 took the year for the host, and the host for a program. */
static void
undo_year(struct syslog_msg *msg)
{
	if (!syslog_word_is_year(msg->host) || msg->app.len == 0 || !syslog_word_is_host(msg->app))
		return;
	syslog_msg_take_host(msg, msg->app);
	msg->app = (struct slice){ 0 };
}

/*
 * The header of RFC 5424 behind its version: "TIMESTAMP HOST APP PROCID MSGID SD [MSG]". False, and *msg
 * untouched, when it is something else; Meraki's "1740823200.1 host events" is.
 */
static bool
read_unversioned(struct slice text, struct syslog_msg *msg)
{
	struct syslog_stamp stamp = { 0 };
	struct slice rest = text;
	int app_pri;
	struct slice when = cut_field(&rest);
	bool no_time = slice_eq_str(when, "-");
	if (!no_time &&
	    (slice_find(when, SLICE("T")) < 0 || syslog_stamp_read(when, &stamp) != when.len))
		return false;
	struct slice host = cut_field(&rest), app = cut_field(&rest), pid = cut_field(&rest);
	struct slice structured = rest;
	struct slice msgid = cut_field(&rest);
	if (pid.len == 0 || msgid.len == 0)
		return false;

	msg->rfc5424 = true;
	/* Within a relay's header (see unwrap) a host that is not told is the relay's. */
	msg->outer_host = msg->host;
	if (msg->host.len == 0 || !slice_eq_str(host, "-"))
		msg->host = nil_is_empty(host);
	/* A relay that took PRI for the beginning of the program's name. */
	msg->app = nil_is_empty(slice_from(app, read_pri(app, &app_pri)));
	msg->procid = nil_is_empty(pid);
	msg->msgid = nil_is_empty(msgid);
	if (msg->procid.len == 0 && msg->msgid.len == 0)
		undo_year(msg);
	msg->structured = structured;
	msg->sd = read_sd(rest);
	rest = slice_from(rest, msg->sd.len);
	if (msg->sd.len == 0 && (slice_starts(rest, "- ") || slice_eq_str(rest, "-")))
		rest = slice_from(rest, 1);
	msg->blank_first = slice_starts(rest, "  ");
	msg->text = slice_trim(slice_without_bom(slice_trim(rest)));
	if (is_clock_doubted(msg->sd))
		stamp = (struct syslog_stamp){ 0 };
	take_time(msg, &stamp);
	return true;
}

/* With the version in front: "1 TIMESTAMP ...". */
static bool
read_rfc5424(struct slice text, struct syslog_msg *msg)
{
	return slice_starts(text, "1 ") && read_unversioned(slice_from(text, 2), msg);
}

/*
 * What a relay that knows no RFC 5424 makes of such a message: its own stamp and a host in front, and PRI or not
 * ("Nov 23 10:00:00 sw1 <28>1 2026-11-23T10:00:00Z ..."). Returns what stands behind them; empty where no stamp begins the
 * text.
 */
static struct slice
behind_legacy_header(struct slice text, struct slice *ret_host)
{
	struct syslog_stamp stamp;
	int pri;

	/* Most lines have nothing like "1 2026-" in them. */
	if (slice_find(slice_first(text, WRAPPED_WITHIN), SLICE("1 2")) < 0)
		return (struct slice){ 0 };
	struct slice rest = slice_trim(slice_from(text, syslog_stamp_read(text, &stamp)));

	if (rest.len == text.len)
		return (struct slice){ 0 };
	*ret_host = cut_field(&rest);
	if (!syslog_word_is_host(*ret_host) && !syslog_word_is_host_chain(*ret_host) &&
	    syslog_word_ipv6_len(*ret_host) == 0)
		return (struct slice){ 0 };
	return slice_from(rest, read_pri(rest, &pri));
}

/*
 * RFC 5424 that a relay put into another message: into one of RFC 3164, as the text of one of RFC 5424, or there with its
 * version as APP-NAME. *msg is the relay's, and then becomes the device's.
 */
static void
unwrap(struct slice text, struct syslog_msg *msg)
{
	struct syslog_msg inner = { .pri = msg->pri, .maybe_cut = msg->maybe_cut };
	bool found;
	int pri;

	if (!msg->rfc5424) {
		struct slice rest = behind_legacy_header(text, &inner.host);
		found = read_rfc5424(rest, &inner);
	} else if (slice_eq_str(msg->app, "1")) {
		inner.host = msg->host;
		found = msg->procid.len == 0 && read_unversioned(msg->text, &inner);
	} else {
		inner.host = msg->host;
		found = msg->app.len == 0 &&
			read_rfc5424(slice_from(msg->text, read_pri(msg->text, &pri)), &inner);
	}
	if (found)
		*msg = inner;
}

bool
syslog_msg_parse(struct slice datagram, struct syslog_msg *ret_msg)
{
	struct syslog_msg msg = { .pri = -1 };
	struct slice text = slice_trim(slice_without_bom(slice_trim(datagram)));
	size_t pri = read_pri(text, &msg.pri);

	if (text.len > 0)
		msg.maybe_cut = datagram.len >= SYSLOG_MSG_CUT_MIN &&
				text.data + text.len == datagram.data + datagram.len;
	text = slice_trim(slice_from(text, pri));
	if (text.len == 0)
		return false;
	if (!read_rfc5424(text, &msg))
		msg.text = text;
	unwrap(text, &msg);
	*ret_msg = msg;
	return true;
}

void
syslog_msg_take_host(struct syslog_msg *msg, struct slice host)
{
	if (msg->outer_host.len == 0)
		msg->outer_host = msg->host;
	msg->host = host;
}

/* "Mar  1 2025 10:00:00+08:00 sw1": where a relay took the month for HOSTNAME, the rest of the stamp is none any more. */
static void
take_hosts(struct syslog_msg *msg, const struct syslog_header *header)
{
	if (!msg->rfc5424) {
		msg->host = header->host;
		msg->outer_host = header->outer_host;
	} else if (header->host.len > 0 && (header->has_stamp || syslog_word_is_month(msg->host))) {
		syslog_msg_take_host(msg, header->host);
	}
}

static void
take_header(struct syslog_msg *msg, const struct syslog_header *header)
{
	take_hosts(msg, header);
	if (!msg->rfc5424 || header->has_stamp)
		take_time(msg, &header->stamp);
	/* SONiC's relays take the severity for the program. */
	if (!msg->rfc5424 || msg->app.len == 0 || header->has_stamp ||
	    syslog_word_is_severity(msg->app))
		msg->app = header->app.len > 0 ? header->app : msg->app;
}

/* APP-NAME, where it is a program for certain: relays also take hosts and zones for one, but without a PROCID. */
static struct slice
program_of(const struct syslog_msg *msg)
{
	bool is_program = msg->rfc5424 && msg->procid.len > 0 && !syslog_word_is_severity(msg->app);

	return is_program ? msg->app : (struct slice){ 0 };
}

void
syslog_msg_anchor(struct syslog_msg *msg, size_t body)
{
	struct syslog_header header = { 0 };
	bool is_told = msg->rfc5424 && msg->app.len > 0;

	msg->header = slice_first(msg->text, body);
	syslog_header_read(msg->header, program_of(msg), &header);
	/* Whoever tells a message from its PRI on quotes it. */
	msg->foreign = header.foreign || (is_told && slice_starts(msg->header, "<"));
	take_header(msg, &header);
}

void
syslog_msg_guess(struct syslog_msg *msg)
{
	struct syslog_header header = { 0 };

	syslog_header_guess(msg->text, &header);
	take_header(msg, &header);
}
