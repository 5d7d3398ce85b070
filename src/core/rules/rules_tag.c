/*
 * A message whose beginning a relay has taken for a tag. rsyslog, syslog-ng and others read "%LINK-3-UPDOWN: Interface ..." as
 * a program that is called %LINK-3-UPDOWN, and write RFC 5424 with that as APP-NAME, and the rest as MSG. So where APP-NAME
 * holds what rules look for, or MSG alone is near to something and no rule knows it, the two are put together again, in the
 * ways in which they may have stood: "APP[PROCID]: MSG", "APP MSG", "APP:MSG".
 */
#include <string.h>

#include "core/rules_set.h"

/* RFC 5424 6: APP-NAME has at most 48, PROCID at most 128 bytes; longer ones are no tag that a relay cut off. */
#define TAG_MAX (48 + 128 + 4)

enum joint { JOINT_TAG, JOINT_WORD, JOINT_GLUED, JOINT_MAX };

/* APP-NAME and MSG as one text. */
struct joined {
	size_t tag_len; /* where MSG begins */
	size_t len;     /* of it all; one more than RULES_SCAN_MAX where it was cut */
	char text[RULES_SCAN_MAX + 1];
};

static size_t
append(char *buf, size_t len, struct slice s)
{
	memcpy(buf + len, s.data, s.len);
	return len + s.len;
}

/* What stands in front of MSG. Returns its length; 0: this joint does not fit the message. */
static size_t
write_tag(const struct syslog_msg *msg, enum joint joint, char buf[TAG_MAX])
{
	bool pid = msg->procid.len > 0;
	size_t len = 0;

	if (msg->app.len + msg->procid.len + 4 > TAG_MAX || (joint == JOINT_WORD && pid) ||
	    (joint == JOINT_GLUED && msg->blank_first))
		return 0;
	len = append(buf, len, msg->app);
	if (pid) {
		len = append(buf, len, SLICE("["));
		len = append(buf, len, msg->procid);
		len = append(buf, len, SLICE("]"));
	}
	if (joint != JOINT_WORD)
		len = append(buf, len, SLICE(":"));
	return joint == JOINT_GLUED ? len : append(buf, len, SLICE(" "));
}

static bool
join(const struct syslog_msg *msg, enum joint joint, struct joined *joined)
{
	joined->tag_len = write_tag(msg, joint, joined->text);
	if (joined->tag_len == 0)
		return false;
	joined->len = append(joined->text, joined->tag_len,
	    slice_first(msg->text, sizeof(joined->text) - joined->tag_len));
	return true;
}

/*
 * Moves a slice of the joined text to where the same bytes stand in the message. False where they stand in two places, or
 * nowhere.
 */
static bool
move_back(const struct joined *joined, const struct syslog_msg *msg, struct slice *slice)
{
	if (slice->len == 0 || slice->data < joined->text ||
	    slice->data >= joined->text + joined->len)
		return true;
	size_t at = (size_t)(slice->data - joined->text);
	if (at >= joined->tag_len)
		slice->data = msg->text.data + (at - joined->tag_len);
	else if (at + slice->len <= msg->app.len)
		slice->data = msg->app.data + at;
	else
		return false;
	return true;
}

/* Takes what was found over into *msg. False: a slice of it stands nowhere in the message. */
static bool
take_over(const struct joined *joined, struct syslog_msg *found, struct syslog_msg *msg,
    struct link_event *event)
{
	if (!move_back(joined, msg, &event->name) || !move_back(joined, msg, &found->host) ||
	    !move_back(joined, msg, &found->outer_host) || !move_back(joined, msg, &found->app))
		return false;
	found->text = msg->text;
	found->structured = msg->structured;
	found->header = (struct slice){ 0 };
	*msg = *found;
	return true;
}

/* Whether a rule has spoken, for or against. */
static bool
is_known(enum rules_miss miss)
{
	return miss != MISS_NO_RULE && miss != MISS_SUSPECT;
}

/* False: no rule knows the two put together so, and nothing was changed. */
static bool
decode_joined(const struct rules *rules, enum joint joint, struct syslog_msg *msg,
    struct link_event *ret_event, enum rules_miss *ret_miss)
{
	struct syslog_msg found = *msg;
	struct link_event event;
	struct joined joined;
	enum rules_miss miss;
	bool near;

	if (!join(msg, joint, &joined))
		return false;
	found.text = found.structured = (struct slice){ joined.text, joined.len };
	rules_decode_text(rules, &found, &event, &miss, &near);
	if (!is_known(miss) || !take_over(&joined, &found, msg, &event))
		return false;
	*ret_event = event;
	*ret_miss = miss;
	return true;
}

static enum decode_result
result_of(enum rules_miss miss)
{
	if (miss == MISS_NONE)
		return DECODE_EVENT;
	return rules_miss_is_malformed(miss) ? DECODE_MALFORMED : DECODE_NOT_OURS;
}

static bool
tag_is_near(const struct rules *rules, const struct syslog_msg *msg)
{
	char tag[TAG_MAX];
	size_t len = write_tag(msg, JOINT_TAG, tag);

	return rules_has_literal(rules, (struct slice){ tag, len });
}

/* "%SYS-5-CONFIG_I", "%%01SHELL/5/CMDRECORD(s)", and not the first half of one ("%%01IFNET"), as some relays cut it. */
static bool
is_mnemonic(struct slice app)
{
	return slice_starts(app, "%") &&
	       (slice_find(app, SLICE("-")) > 0 || slice_find(app, SLICE("/")) > 0);
}

enum decode_result
rules_decode(const struct rules *rules, struct syslog_msg *msg, struct link_event *ret_event,
    enum rules_miss *ret_miss)
{
	/* Who names its messages (MSGID) speaks RFC 5424 itself. */
	bool tagged = msg->rfc5424 && msg->app.len > 0 && msg->msgid.len == 0 && msg->text.len > 0;
	const struct slice app = msg->app;
	struct link_event event;
	enum rules_miss miss;
	bool near;

	/* The first mnemonic decides (facts/link-syslog.md R9), and it may be the tag. */
	bool tag_near = tagged && tag_is_near(rules, msg);
	if (tag_near && decode_joined(rules, JOINT_TAG, msg, ret_event, ret_miss))
		return result_of(*ret_miss);
	enum decode_result result = rules_decode_text(rules, msg, ret_event, ret_miss, &near);
	/* Another mnemonic as the tag quotes what MSG alone would be. */
	if (result == DECODE_EVENT && tagged && is_mnemonic(msg->app)) {
		*ret_event = (struct link_event){ .rule = ret_event->rule };
		*ret_miss = MISS_QUOTED;
		result = DECODE_NOT_OURS;
	}
	if (!tagged || !(near || tag_near) || (is_known(*ret_miss) && *ret_miss != MISS_QUOTED))
		return result;
	/* What seems to be quoted may begin in the tag: in what was told, and not in what MSG alone was taken for. */
	msg->app = app;
	for (int joint = JOINT_TAG; joint < JOINT_MAX; joint++)
		if (decode_joined(rules, (enum joint)joint, msg, &event, &miss) &&
		    miss != MISS_QUOTED) {
			*ret_event = event;
			*ret_miss = miss;
			return result_of(miss);
		}
	return result;
}
