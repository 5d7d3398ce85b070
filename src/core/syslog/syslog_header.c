/*
 * Which word is the host, and which a tag? A stamp or a counter begins a new segment. The first
 * plain word of a segment is a host, and later hosts (nearer to the body) win over earlier ones. A
 * further word is undecided until what follows it is known: a stamp, a counter or another word makes
 * it a host ("relay sw1: 45: ..."), the body makes it a tag when it ends in a colon ("eos1 Ebra: %"),
 * a severity word makes it nothing (SONiC prints its version there).
 */
#include "core/syslog_header.h"

#include <string.h>

#include "core/syslog_word.h"
#include "util/ascii.h"

/* Words without a colon that may stand in one segment: names with blanks (3Com) pass, prose doesn't.
 * Behind a tag or "INFO:" none may. */
#define BARE_WORDS_MAX 4

/* The longest text between the signs of "%$ VDC-1 %$". */
#define PART_MAX 40

/* The longest "[syslog@9 ...]". */
#define SESSION_MAX 200

/* How far syslog_header_guess() looks. */
#define GUESS_LEN_MAX 256

struct walk {
	struct slice rest;
	struct syslog_header *header;
	bool guess;
	bool host_in_segment, tag_in_segment;
	bool speaks; /* a program speaks: "sshd[900]: error:". Only a stamp or counter excuses it */
	struct slice undecided; /* empty: none */
	bool undecided_colon;
	unsigned bare_left; /* words without a colon that may still come */
	bool done;
};

/* A word of the header: up to a blank or a colon. */
struct word {
	struct slice text;
	size_t len;
	bool colon; /* a colon follows */
};

static char
at(struct slice s, size_t i)
{
	return i < s.len ? s.data[i] : '\0';
}

static bool
is_quoting(char c)
{
	return c != '\0' && strchr("\"'`=;|<>{}\\?%\n", c) != NULL;
}

static void
take_host(struct syslog_header *header, struct slice host)
{
	if (header->outer_host.len == 0)
		header->outer_host = host;
	header->host = host;
}

/* Whether the word before a stamp, counter or word is a host or a tag, now that one came. */
static void
settle(struct walk *w, bool as_host)
{
	if (w->undecided.len == 0)
		return;
	if (as_host)
		take_host(w->header, w->undecided);
	else
		w->header->app = w->undecided;
	w->undecided = (struct slice){ 0 };
}

static void
new_segment(struct walk *w)
{
	settle(w, true);
	w->host_in_segment = w->tag_in_segment = w->speaks = false;
	w->bare_left = BARE_WORDS_MAX;
}

/* ---- atoms: each returns the length of the one that begins here, or 0 ---- */

static size_t
atom_stamp(struct walk *w)
{
	size_t len = syslog_stamp_read(w->rest, &w->header->stamp);

	if (len == 0)
		return 0;
	w->header->has_stamp = true;
	new_segment(w);
	return len;
}

/* "00:12:44", "1d02h", "3y02w": time since boot, in place of a stamp. */
static size_t
atom_uptime(struct walk *w)
{
	size_t len = 0;
	unsigned parts = 0;

	while (is_digit(at(w->rest, len))) {
		while (is_digit(at(w->rest, len)))
			len++;
		char c = at(w->rest, len);
		if (c != '\0' &&
		    (strchr("ydwhms", c) || (c == ':' && is_digit(at(w->rest, len + 1)))))
			len++;
		parts++;
	}
	if (parts < 2 || (len < w->rest.len && !syslog_is_separator(w->rest.data[len])) ||
	    syslog_word_mac_len(w->rest) > 0 || syslog_word_ipv6_len(w->rest) > 0)
		return 0;
	new_segment(w);
	return len;
}

static size_t
atom_counter(struct walk *w)
{
	size_t len = 0;

	while (is_digit(at(w->rest, len)))
		len++;
	if (len == 0 || (len < w->rest.len && !syslog_is_separator(w->rest.data[len])) ||
	    syslog_word_ipv6_len(w->rest) > 0 || syslog_word_mac_len(w->rest) > 0)
		return 0;
	settle(w, true);
	w->speaks = false;
	return len;
}

static void
take_tag(struct walk *w, struct slice name)
{
	settle(w, !w->undecided_colon);
	/* A relay that put the tag in front may have left it in the text as well. */
	w->speaks |= w->tag_in_segment && !slice_eq(name, w->header->app);
	w->header->app = name;
	w->tag_in_segment = true;
	w->bare_left = 0;
}

/* "[  123.456]", the kernel's own clock. "kernel" in front of it is its tag, where a relay lost the colon. */
static size_t
atom_kernel_clock(struct walk *w)
{
	size_t len = 1;

	if (at(w->rest, 0) != '[')
		return 0;
	while (at(w->rest, len) == ' ' || at(w->rest, len) == '.' || is_digit(at(w->rest, len)))
		len++;
	if (at(w->rest, len) != ']' || len == 1)
		return 0;
	if (slice_eq_str(w->undecided, "kernel")) {
		struct slice tag = w->undecided;

		w->undecided = (struct slice){ 0 };
		take_tag(w, tag);
	}
	return len + 1;
}

/* "Original Address=192.0.2.1", as Kiwi relays. */
static size_t
atom_original_address(struct walk *w)
{
	static const char text[] = "Original Address=";
	size_t len = sizeof(text) - 1;

	if (!slice_starts(w->rest, text))
		return 0;
	while (len < w->rest.len && w->rest.data[len] != ' ')
		len++;
	settle(w, true);
	take_host(w->header, slice_from(slice_first(w->rest, len), sizeof(text) - 1));
	w->host_in_segment = true;
	return len;
}

/* "%$ VDC-1 %$", "%$VSAN 3%$": the part of a Nexus or MDS that speaks. */
static size_t
atom_part(struct walk *w)
{
	struct slice inside = slice_first(slice_from(w->rest, 2), PART_MAX);

	if (!slice_starts(w->rest, "%$"))
		return 0;
	long end = slice_find(inside, SLICE("%$"));
	if (end < 0)
		return 0;
	settle(w, true);
	return 2 + (size_t)end + 2;
}

/* "<134>": a relay that parsed nothing put a header of its own in front of the whole message. Where anything but a stamp and
 * a host came before it, somebody quotes one. */
static size_t
atom_pri(struct walk *w)
{
	bool begins = w->header->has_stamp || w->header->host.len == 0;
	size_t len = 1, value = 0;

	if (at(w->rest, 0) != '<' || !begins || w->tag_in_segment || w->speaks ||
	    w->undecided.len > 0 || w->bare_left + 1 < BARE_WORDS_MAX)
		return 0;
	while (len < 4 && is_digit(at(w->rest, len)))
		value = value * 10 + (size_t)(at(w->rest, len++) - '0');
	if (len == 1 || at(w->rest, len) != '>' || value > 191)
		return 0;
	new_segment(w);
	return len + 1;
}

/* "[syslog@9 s_sn="5" s_id="sw1:514"]": a session id or sequence number of IOS, in RFC 5424's clothes. */
static size_t
atom_session(struct walk *w)
{
	if (!slice_starts(w->rest, "[syslog@9 "))
		return 0;
	long end = slice_find(slice_first(w->rest, SESSION_MAX), SLICE("]"));
	return end < 0 ? 0 : (size_t)end + 1;
}

/* "%STKUNIT0-M:CP", "%SYSTEM:CP", "%S4820T:0": a unit of a Force10, which looks like a mnemonic and is none. */
static size_t
atom_unit(struct walk *w)
{
	size_t len = 1;

	if (at(w->rest, 0) != '%')
		return 0;
	while (is_digit(at(w->rest, len)) || is_alpha(at(w->rest, len)))
		len++;
	if (len == 1)
		return 0;
	if (at(w->rest, len) == '-' && is_alpha(at(w->rest, len + 1)))
		len += 2;
	if (at(w->rest, len) != ':')
		return 0;
	len++;
	struct slice behind = slice_from(w->rest, len);
	if (slice_starts(behind, " CP ") || (at(behind, 0) == ' ' && is_digit(at(behind, 1))))
		len++; /* a relay took it for a tag */
	if (!is_alpha(at(w->rest, len)) && !is_digit(at(w->rest, len)))
		return 0;
	while (is_digit(at(w->rest, len)) || is_alpha(at(w->rest, len)))
		len++;
	return len;
}

static size_t
atom_address(struct walk *w)
{
	size_t len = syslog_word_mac_len(w->rest);

	if (len > 0) {
		w->undecided = (struct slice){ 0 }; /* "AP:" of "AP:00:11:22:33:44:55" */
		return len;
	}
	len = syslog_word_ipv6_len(w->rest);
	if (len == 0)
		return 0;
	settle(w, true);
	take_host(w->header, slice_first(w->rest, len));
	w->host_in_segment = true;
	return len;
}

/* Between a stamp and the body, "ABC:" is a zone that we have never heard of, where the host stands
 * in front of the stamp (IOS). */
static bool
is_unknown_zone(const struct walk *w, const struct word *word)
{
	return word->colon && !w->host_in_segment && w->header->has_stamp &&
	       w->header->host.len > 0 && syslog_word_is_zone(word->text);
}

/* Behind a relay's stamp, and no tag. */
static bool
is_chain(const struct walk *w, const struct word *word)
{
	return !word->colon && !w->host_in_segment && w->header->has_stamp &&
	       syslog_word_is_host_chain(word->text);
}

static void
take_plain(struct walk *w, const struct word *word)
{
	/* "Security: telnet login by": the word with the colon was a tag, and its program speaks. */
	if (w->undecided.len > 0 && w->undecided_colon && !word->colon)
		w->bare_left = 0;
	settle(w, !w->undecided_colon && !w->tag_in_segment);
	if (!word->colon && w->bare_left-- == 0)
		w->header->foreign = w->done = true;
	if (w->tag_in_segment) {
		w->speaks |= word->colon;
	} else if (!(syslog_word_is_host(word->text) || is_chain(w, word)) ||
		   is_unknown_zone(w, word)) {
		return;
	} else if (!w->host_in_segment) {
		take_host(w->header, word->text);
		w->host_in_segment = true;
	} else {
		w->undecided = word->text;
		w->undecided_colon = word->colon;
	}
}

static void
take_word(struct walk *w, const struct word *word)
{
	struct slice text = word->text;
	long name = syslog_word_tag_len(text);

	if (syslog_word_is_severity(text)) {
		if (!w->undecided_colon)
			w->undecided = (struct slice){ 0 };
		if (word->colon)
			w->bare_left = 0;
		w->speaks |= w->tag_in_segment && word->colon;
	} else if (syslog_word_is_filler(text) && !is_chain(w, word)) {
		return;
	} else if (name > 0) {
		/* SONiC's container stands before the program: swss#orchagent. */
		long sharp = slice_find(text, SLICE("#"));
		struct slice rest = slice_from(text, sharp > 0 ? (size_t)sharp + 1 : 0);
		long end = syslog_word_tag_len(rest);
		take_tag(w, end > 0 ? slice_first(rest, (size_t)end) : rest);
	} else if (word->colon && syslog_word_is_tag(text)) {
		take_tag(w, text);
	} else {
		take_plain(w, word);
	}
}

/* A bracket without its partner in the same word: something is quoted. */
static bool
is_unbalanced(struct slice word)
{
	int square = 0, round = 0;

	for (size_t i = 0; i < word.len; i++) {
		square += (word.data[i] == '[') - (word.data[i] == ']');
		round += (word.data[i] == '(') - (word.data[i] == ')');
	}
	return square != 0 || round != 0;
}

/* False: what begins here is no word of a header. */
static bool
read_word(struct slice rest, struct word *ret_word)
{
	size_t len = 0;

	while (len < rest.len && rest.data[len] != ' ' && rest.data[len] != ':' &&
	       rest.data[len] != '\t') {
		if (is_quoting(rest.data[len]))
			return false;
		len++;
	}
	struct slice text = slice_first(rest, len);
	while (text.len > 0 && text.data[text.len - 1] == ',')
		text.len--;
	*ret_word = (struct word){ text, len, at(rest, len) == ':' };
	return !is_unbalanced(text);
}

static size_t
atom_word(struct walk *w)
{
	struct word word;

	if (!read_word(w->rest, &word)) {
		w->header->foreign = true;
		w->done = true;
		return 0;
	}
	/* UniFi's "MAC,MODEL-VERSION" is no host. */
	if (memchr(word.text.data, ',', word.text.len))
		return word.len;
	take_word(w, &word);
	w->done |= w->guess && (w->tag_in_segment || (w->undecided.len > 0 && w->undecided_colon));
	return word.len;
}

static void
walk_atoms(struct walk *w)
{
	static size_t (*const atoms[])(struct walk *) = { atom_stamp, atom_uptime, atom_counter,
		atom_kernel_clock, atom_pri, atom_session, atom_original_address, atom_part,
		atom_unit, atom_address, atom_word };

	while (!w->done) {
		size_t len = 0;

		while (w->rest.len > 0 && syslog_is_separator(w->rest.data[0]))
			w->rest = slice_from(w->rest, 1);
		if (w->rest.len == 0)
			break;
		for (size_t i = 0; len == 0 && i < sizeof(atoms) / sizeof(atoms[0]); i++)
			len = atoms[i](w);
		w->rest = slice_from(w->rest, len);
	}
	settle(w, !w->undecided_colon);
	w->header->foreign |= w->speaks;
}

void
syslog_header_read(struct slice header, struct slice tag, struct syslog_header *ret_header)
{
	struct walk w = { .rest = header, .header = ret_header, .bare_left = BARE_WORDS_MAX };

	*ret_header = (struct syslog_header){ 0 };
	if (tag.len > 0)
		take_tag(&w, tag);
	walk_atoms(&w);
}

void
syslog_header_guess(struct slice text, struct syslog_header *ret_header)
{
	*ret_header = (struct syslog_header){ 0 };
	walk_atoms(&(struct walk){ .rest = slice_first(text, GUESS_LEN_MAX),
	    .header = ret_header,
	    .guess = true,
	    .bare_left = BARE_WORDS_MAX });
}
