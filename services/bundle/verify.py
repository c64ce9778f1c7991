#!/usr/bin/env python3
"""Checks an audit bundle of a Taizhang ledger without a network. 核验台账的证据包，不联网。

    python3 verify.py BUNDLE.zip|FOLDER [--trust FILE] [--known FILE] [--lang zh|en]

--trust  your own trust file (tlog-policy): the ledger's key, your witnesses, the quorum
         您自己的信任文件：台账公钥、见证方和见证要求
--known  a checkpoint that you kept, or the three lines of a printed sheet   您以前留存的检查点，或抄自打印页的三行
--lang   zh or en; both if not given   zh 或 en，默认两种都写

Exit code 退出码
0  all that was examined holds, and a checkpoint meets the quorum of the trust file
   所核验的都相符，且有检查点达到信任文件的见证要求
1  something contradicts   有矛盾
2  wrong usage, or a file of your own that cannot be used   用法不对，或您自己的文件不能用
3  nothing contradicts, but there is no trust file, or no checkpoint meets its quorum
   没有矛盾，但没有信任文件，或没有检查点达到其见证要求

It checks authenticity and integrity, without reports, time-stamp tokens and SM2 signatures; it does not rebuild the
accounts. 核验签名、见证、记录、根值和清单；不重建账目，不核验报表、时间戳和 SM2 签名。

Take this program from the release or from somebody you trust, not from the bundle that is to be checked. It needs
Python 3.9 or later and nothing else. It is written from the specifications alone: C2SP signed-note, tlog-checkpoint,
tlog-cosignature, tlog-proof and tlog-policy (c2sp.org), RFC 6962 (the tree), RFC 9162 section 2.1 (how proofs are
checked), RFC 8032 (Ed25519) and GB/T 32905 (SM3). taizhang-verify is written separately and examines more.
"""
import argparse
import base64
import collections
import datetime
import hashlib
import json
import os
import re
import sys
import unicodedata
import zipfile

BYTES_MAX = 4 << 30  # of all files of a bundle
LINE_BYTES_MAX = 2 << 20  # of one stored line
NOTE_BYTES_MAX = 64 << 10  # of a checkpoint, a proof, a trust file
OWN_BYTES_MAX = 1 << 20  # that are read of a file of the reader
NAME_BYTES_MAX = 255  # of a key, an origin, a file
TIME_MAX = 253402300799  # the last second of the year 9999
CLOCK_SECONDS_MAX = 300  # by which the clocks of the ledger and of a witness may differ
SAID_MAX = 20  # lines of one kind that are printed


class Fault(Exception):
    """Fault is something that contradicts, or a file that cannot be read, said in both languages."""

    def __init__(self, zh, en):
        super().__init__(en)
        self.zh, self.en = zh, en


def show(text):
    """Returns text from a file in a form that is safe to print: control characters and the like are escaped."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else c.encode("unicode_escape").decode()
                   for c in str(text)[:200])


# ---- SM3 (GB/T 32905-2016), for a Python whose OpenSSL lacks it: a megabyte takes some seconds ----------------------

MASK = 0xFFFFFFFF


class SM3:
    """SM3 is the hash of GB/T 32905-2016, with the methods of hashlib."""

    def __init__(self):
        self.rest, self.length = b"", 0
        self.state = (0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E)

    def update(self, data):
        self.length += len(data)
        data = self.rest + data
        whole = len(data) // 64 * 64
        for i in range(0, whole, 64):
            self._block(data[i:i + 64])
        self.rest = data[whole:]

    def digest(self):
        end = SM3()
        end.state = self.state
        end.update(self.rest + b"\x80" + bytes((55 - self.length) % 64) + (self.length * 8).to_bytes(8, "big"))
        return b"".join(word.to_bytes(4, "big") for word in end.state)

    def _block(self, block):
        w = [int.from_bytes(block[i:i + 4], "big") for i in range(0, 64, 4)]
        for j in range(16, 68):
            x, y = w[j - 3], w[j - 13]
            x = w[j - 16] ^ w[j - 9] ^ (x << 15 & MASK | x >> 17)
            w.append((x ^ x << 15 ^ x >> 17 ^ x << 23 ^ x >> 9 ^ y << 7 ^ y >> 25 ^ w[j - 6]) & MASK)
        a, b, c, d, e, f, g, h = self.state
        for j in range(64):
            constant = 0x79CC4519 if j < 16 else 0x7A879D8A
            a12 = a << 12 & MASK | a >> 20
            ss1 = a12 + e + (constant << j % 32 | constant >> 32 - j % 32) & MASK
            ss1 = ss1 << 7 & MASK | ss1 >> 25
            if j < 16:
                ff, gg = a ^ b ^ c, e ^ f ^ g
            else:
                ff, gg = a & b | a & c | b & c, e & f | ~e & g
            tt1, tt2 = ff + d + (ss1 ^ a12) + (w[j] ^ w[j + 4]) & MASK, gg + h + ss1 + w[j] & MASK
            a, b, c, d = tt1, a, b << 9 & MASK | b >> 23, c
            e, f, g, h = (tt2 ^ tt2 << 9 ^ tt2 >> 23 ^ tt2 << 17 ^ tt2 >> 15) & MASK, e, f << 19 & MASK | f >> 13, g
        self.state = tuple(x ^ y for x, y in zip(self.state, (a, b, c, d, e, f, g, h)))


def new_sm3():
    """Returns an SM3 hash, that of OpenSSL if there is one."""
    try:
        return hashlib.new("sm3")
    except ValueError:
        return SM3()


# ---- Ed25519 (RFC 8032, sections 5.1 and 6) -------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)


def decode_point(encoded):
    """Returns the point of an encoding in extended coordinates, or None."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_MINUS_1 % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def add_points(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519(public, message, signature):
    """Reports whether a signature is right: whether [S]B - [k]A encodes to R."""
    a = decode_point(public)
    s = int.from_bytes(signature[32:], "little")
    if a is None or len(signature) != 64 or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus_a = (P - a[0], a[1], 1, P - a[3])
    steps = (None, BASE, minus_a, add_points(BASE, minus_a))
    q = (0, 1, 1, 0)
    for bit in range(252, -1, -1):
        q = add_points(q, q)
        step = (s >> bit & 1) + 2 * (k >> bit & 1)
        if step:
            q = add_points(q, steps[step])
    inverse = pow(q[2], P - 2, P)
    x, y = q[0] * inverse % P, q[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# ---- keys, checkpoints and cosignatures (signed-note, tlog-checkpoint, tlog-cosignature) ----------------------------

LOG_KEY, WITNESS_KEY = 1, 4  # the types of keys


def unbase64(text):
    """Returns the bytes of base64 in its only form, or None."""
    try:
        text = text.encode() if isinstance(text, str) else text
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data) == text else None


def valid_key_name(name):
    return bool(name) and "+" not in name and not any(c.isspace() for c in name)


def visible(name):
    """Reports whether every character of a name is seen, because people compare the names of keys by eye."""
    return all(unicodedata.category(c)[0] in "LMNPS" for c in name)


class Key:
    """Key is the key of a log or of a witness, from its one line NAME+ID+BASE64 (of the type and the public key)."""

    def __init__(self, vkey):
        self.text = vkey
        self.name, _, rest = vkey.partition("+")
        identity, _, encoded = rest.partition("+")
        data = unbase64(encoded) or b""
        if (not valid_key_name(self.name) or not visible(self.name) or len(self.name.encode()) > NAME_BYTES_MAX
                or len(data) != 33 or data[0] not in (LOG_KEY, WITNESS_KEY)):
            raise Fault(f"不是 Ed25519 公钥：{show(vkey)}", f"not an Ed25519 key: {show(vkey)}")
        self.type, self.public = data[0], data[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        if identity != self.id.hex():
            raise Fault(f"公钥与其编号不符，可能抄错：{show(vkey)}", f"a key with a wrong id, perhaps mistyped: {show(vkey)}")


class Checkpoint:
    """Checkpoint is a note with three lines: origin, size, root. All in a bundle are signed."""

    def __init__(self, content, name, signed=True):
        self.content, self.name, self.signatures = content, name, []  # signatures: key name, key id, signature
        wrong = Fault(f"{show(name)} 不是检查点，或写法不对", f"{show(name)} is not in the form of a checkpoint")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise wrong from None
        body, blank, signatures = text.rpartition("\n\n") if signed else (text[:-1], "", "")
        lines = body.split("\n")
        if (signed and not (blank and signatures.endswith("\n")) or len(lines) != 3 or not lines[0]
                or len(lines[0].encode()) > NAME_BYTES_MAX or not re.fullmatch("0|[1-9][0-9]{0,15}", lines[1])
                or int(lines[1]) > 1 << 53 or len(unbase64(lines[2]) or b"") != 32
                or any(c < " " and c != "\n" for c in text) or len(content) > NOTE_BYTES_MAX):
            raise wrong
        self.text = body.encode() + b"\n"
        self.origin, self.size, self.root = lines[0], int(lines[1]), unbase64(lines[2])
        for line in signatures[:-1].split("\n") if signed else ():
            parts = line.split(" ")
            data = unbase64(parts[-1]) or b""
            if len(parts) != 3 or parts[0] != "\u2014" or not valid_key_name(parts[1]) or len(data) < 5:
                raise wrong
            self.signatures.append((parts[1], data[:4], data[4:]))
        keys = {(name, identity) for name, identity, _ in self.signatures}
        if len(keys) < len(self.signatures) or len(keys) > 100:
            raise wrong

    def signed_by(self, key):
        """Reports whether the log signed."""
        return bool(self._signature(key, lambda s: len(s) == 64 and ed25519(key.public, self.text, s)))

    def cosigned_by(self, key):
        """Returns the time, in seconds since 1970, at which a witness cosigned, or None."""
        def right(signature):
            at = int.from_bytes(signature[:8], "big")
            message = b"cosignature/v1\ntime %d\n" % at + self.text
            return len(signature) == 72 and at <= TIME_MAX and ed25519(key.public, message, signature[8:])

        signature = self._signature(key, right)
        return signature and int.from_bytes(signature[:8], "big")

    def times(self):
        """Returns the times of all lines that have the form of a cosignature, whoever signed them."""
        return collections.Counter(int.from_bytes(s[:8], "big") for _, _, s in self.signatures if len(s) == 72)

    def _signature(self, key, right):
        """Returns the signature of a key, or None. One that is not right is a Fault."""
        for name, identity, signature in self.signatures:
            if (name, identity) == (key.name, key.id):
                if not right(signature):
                    raise Fault(f"{show(self.name)}：{show(key.name)} 的签名不对，检查点或签名被改动过",
                                f"{show(self.name)}: {show(key.name)}'s signature is wrong; the checkpoint or the "
                                "signature was changed")
                return signature
        return None


BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # as some editors begin a file


def read_kept(content, name):
    """Returns the checkpoint that the reader kept. An editor may have changed its line ends, and somebody may have
    typed the three lines of a printed sheet, without signatures."""
    content = content[3:] if content.startswith(BYTE_ORDER_MARK) else content
    content = content.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"
    return Checkpoint(content, name, signed=content.count(b"\n") != 3)


# ---- the trust file (tlog-policy) -----------------------------------------------------------------------------------

NAMES_MAX = 90  # witnesses and groups
WORDS = {"log", "witness", "group", "quorum", "any", "all", "none"}  # which no witness and no group has as its name
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(/(?!/)|//(?!\?|$))([^%]|%[0-9A-Fa-f]{2})*")


class Trust:
    """Trust is a trust file: one log, witnesses, groups of witnesses, and the quorum."""

    def __init__(self, content):
        self.log = self.quorum = None
        self.witnesses = {}  # key by name in this file
        self.groups = {}  # how many of which members, by name, in the order of the file
        self.members = set()
        if len(content) > NOTE_BYTES_MAX:
            raise Fault("超过 64 KiB", "it has more than 64 KiB")
        content = content[3:] if content.startswith(BYTE_ORDER_MARK) else content
        for number, line in enumerate(content.split(b"\n"), 1):
            try:
                words = self._words(line[:-1] if line.endswith(b"\r") else line)
                if words:
                    self._line(*words)
            except Fault as fault:
                raise Fault(f"第 {number} 行：{fault.zh}", f"line {number}: {fault.en}") from None
        if not self.log or not self.quorum:
            raise Fault("须有一行 log 和一行 quorum", "expected a log line and a quorum line")

    @staticmethod
    def _words(line):
        """Returns the words of a line. A comment has none."""
        try:
            text = line.strip(b" \t").decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"
        if any(c < " " and c != "\t" or c == "\x7f" for c in text):
            raise Fault("含有不是文本的字符（文件须为 UTF-8 文本）",
                        "there are characters that are not text (expected a text file in UTF-8)")
        if not text or text.startswith("#"):
            return []
        if any(c == "#" or c.isspace() and c not in " \t" for c in text):
            raise Fault("一行中间不能有 # 或全角空格；注释请另起一行，以 # 开头",
                        "# and spaces other than blanks and tabs may not stand within a line; a comment has a line of "
                        "its own")
        return re.split("[ \t]+", text)

    def _line(self, word, *words):
        names = self.witnesses.keys() | self.groups.keys()
        if word == "log" and len(words) == 2 and not self.log:
            self.log = self._key(LOG_KEY, *words)
        elif word == "witness" and len(words) == 3:
            key = self._key(WITNESS_KEY, *words[1:])
            self._new_name(words[0], names)
            self.witnesses[words[0]] = key
        elif word == "group" and len(words) > 2:
            name, number, *members = words
            number = {"any": "1", "all": str(len(members))}.get(number, number)
            self._new_name(name, names)
            if not re.fullmatch("[1-9][0-9]{0,3}", number) or int(number) > len(members):
                raise Fault(f"应为 any、all 或 1 至 {len(members)} 的个数",
                            f"expected any, all or a number from 1 to {len(members)}")
            for member in members:
                if member not in names or member in self.members:
                    raise Fault(f"{show(member)} 前面没有，或已属于一个组",
                                f"{show(member)} is not defined above, or is in a group already")
                self.members.add(member)
            self.groups[name] = int(number), members
        elif word == "quorum" and len(words) == 1 and not self.quorum:
            if words[0] not in names:
                raise Fault("quorum 须为前面的一个名称；不接受 none", "expected a name defined above, and not none")
            self.quorum = words[0]
        else:
            raise Fault(f"不认识、缺网址或多出的行：{show(word)}", f"unknown, without a URL, or one line too many: {show(word)}")

    def _key(self, kind, vkey, url):
        key = Key(vkey)
        if key.type != kind:
            raise Fault(*{LOG_KEY: ("这不是台账公钥", "this is not the key of a ledger"),
                          WITNESS_KEY: ("这不是见证方的公钥", "this is not the key of a witness")}[kind])
        if key.public in [k.public for k in [self.log, *self.witnesses.values()] if k]:
            raise Fault(f"{show(key.name)} 的公钥在别的行里已经有了：台账和见证方各用各的密钥",
                        f"the key of {show(key.name)} stands in another line too: the log and each witness have keys "
                        "of their own")
        if not URL.fullmatch(url):
            raise Fault(f"{show(url)} 不是网址，例如 https://ledger.example",
                        f"{show(url)} is no URL, such as https://ledger.example")
        return key

    @staticmethod
    def _new_name(name, names):
        if name in WORDS:
            raise Fault(f"{show(name)} 不能作名称", f"{show(name)} cannot be a name")
        if name in names:
            raise Fault(f"名称 {show(name)} 有两行", f"two lines have the name {show(name)}")
        if len(names) == NAMES_MAX:
            raise Fault(f"见证方和组超过 {NAMES_MAX} 个", f"there are more than {NAMES_MAX} witnesses and groups")

    def met(self, cosigned):
        """Reports whether the witnesses that cosigned, by their names in the file, meet the quorum."""
        have = set(cosigned)
        for name, (number, members) in self.groups.items():  # the members of a group stand above it
            if sum(m in have for m in members) >= number:
                have.add(name)
        return self.quorum in have


# ---- the tree (RFC 6962, section 2.1) and its proofs (RFC 9162, sections 2.1.3.2 and 2.1.4.2) -----------------------

def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def fold(stack):
    """Returns the root over the roots of perfect trees, the largest first."""
    if not stack:
        return hashlib.sha256(b"").digest()
    root = stack[-1]
    for left in reversed(stack[:-1]):
        root = node_hash(left, root)
    return root


EMPTY_ROOT = fold([])


def climb(path, index, last, below):
    """Returns the hashes of a path joined to others, or None if the path does not fit the tree. Of below, the first
    grows by what stands on its left alone, the others by both sides."""
    below = list(below)
    for p in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            below = [node_hash(p, h) for h in below]
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            below[1:] = [node_hash(h, p) for h in below[1:]]
        index, last = index >> 1, last >> 1
    return below if last == 0 else None


def includes(path, index, leaf, size, root):
    """Reports whether a path proves that the hash of a leaf is at an index, from 0, of a tree."""
    below = climb(path, index, size - 1, [leaf, leaf]) if index < size else None
    return below is not None and below[1] == root


def extends(path, old_size, old_root, size, root):
    """Reports whether a path proves that a tree begins with an old one."""
    if old_size == 0 or old_size == size:
        return not path and old_root == (root if old_size else EMPTY_ROOT)
    if old_size & (old_size - 1) == 0:
        path = [old_root] + path
    if old_size > size or not path:
        return False
    index, last = old_size - 1, size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    return climb(path[1:], index, last, [path[0], path[0]]) == [old_root, root]


def hashes(lines, name):
    """Returns the hashes of lines of base64."""
    found = [unbase64(line) for line in lines]
    if len(found) > 64 or any(h is None or len(h) != 32 for h in found):
        raise Fault(f"{show(name)}：散列的写法不对", f"{show(name)}: a hash is not in the expected form")
    return found


def parse_proof(content, name):
    """Returns the index, the hashes and the checkpoint of a proof (tlog-proof)."""
    head, _, checkpoint = content.partition(b"\n\n")
    lines = head.split(b"\n")
    index = re.fullmatch(rb"index (0|[1-9][0-9]{0,18})", lines[1]) if len(lines) > 1 else None
    if lines[0] != b"c2sp.org/tlog-proof@v1" or not index:
        raise Fault(f"{show(name)} 不是回执", f"{show(name)} is not a receipt")
    return int(index.group(1)), hashes(lines[2:], name), checkpoint


# ---- the files of a bundle ------------------------------------------------------------------------------------------

REQUIRED = {"README.txt", "manifest-sha256.txt", "manifest-sm3.txt", "records.jsonl", "checkpoint", "policy.txt",
            "verify.py"}
FURTHER = re.compile(r"center\.txt|checkpoints/[1-9][0-9]{0,18}(\.consistency)?"
                     r"|timestamps/[1-9][0-9]{0,18}-[1-9][0-9]{0,8}\.(tsr|note)|proofs/[1-9][0-9]{0,18}\.tlog-proof")
MANIFESTS = (("manifest-sha256.txt", re.compile(rb"(?P<digest>[0-9a-f]{64})  (?P<name>[^\n]+)\n")),
             ("manifest-sm3.txt", re.compile(rb"SM3 \((?P<name>[^\n]+)\) = (?P<digest>[0-9a-f]{64})\n")))


def valid_figure(name):
    """Reports whether a report can have a name, on every system on which somebody may unpack the bundle."""
    folder, _, base = name.partition("/")
    stem, _, end = base.rpartition(".")
    device = stem.partition(".")[0].upper()
    return (folder == "figures" and end.lower() in ("xlsx", "csv", "html", "htm")
            and not any(c in '/\\<>:"|?*' or unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in base)
            and len(name.encode()) <= NAME_BYTES_MAX and stem != "" and stem == stem.strip() == stem.strip(".")
            and device not in ("CON", "PRN", "AUX", "NUL") and not re.fullmatch("(COM|LPT)[1-9]", device))


class Bundle:
    """Bundle gives the files of a zip or of a folder by name, and computes their digests while they are read."""

    def __init__(self, path):
        self.digests = {}  # SHA-256 and SM3 by name, of the files read so far
        self.sizes, self.entries, self.folded, self.zip = {}, {}, set(), None
        if os.path.isdir(path):
            self._folder(path)
        else:
            self._archive(path)
        if sum(self.sizes.values()) > BYTES_MAX:
            raise Fault("展开后超过 4 GiB", "it is larger than 4 GiB when unpacked")
        for name in sorted(REQUIRED - self.sizes.keys()):
            raise Fault(f"缺文件 {name}", f"the file {name} is missing")

    def _folder(self, path):
        for folder, folders, files in os.walk(path):
            for name in folders + files:
                full = os.path.join(folder, name)
                if os.path.islink(full) or name in files and not os.path.isfile(full):
                    raise Fault(f"{show(full)} 不是普通文件", f"{show(full)} is not a regular file")
                if name in files:
                    self._add(os.path.relpath(full, path).replace(os.sep, "/"), os.path.getsize(full), full)

    def _archive(self, path):
        try:
            self.zip = zipfile.ZipFile(path)
        except Exception as error:  # zipfile raises many kinds for what is no zip file
            raise Fault(f"不是完整的 zip 文件（{error}）", f"it is not a whole zip file ({error})") from None
        for entry in self.zip.infolist():
            name = entry.orig_filename
            if not entry.flag_bits & 0x800:  # a packer that does not say so may still have written UTF-8
                try:
                    name = name.encode("cp437").decode("utf-8")
                except UnicodeError:
                    raise Fault(f"{show(name)} 不是 UTF-8 文件名", f"the name {show(name)} is not in UTF-8") from None
            if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Fault(f"{show(name)} 已加密，或压缩方式不受支持",
                            f"{show(name)} is encrypted, or compressed by a method that is not supported")
            if not name.endswith("/") or entry.file_size:  # some packers add the folders
                self._add(name, entry.file_size, entry)

    def _add(self, name, size, entry):
        if name.lower() in self.folded:  # as on a system that does not tell A from a
            raise Fault(f"有两个 {show(name)}", f"there are two files {show(name)}")
        self.folded.add(name.lower())
        if name not in REQUIRED and not FURTHER.fullmatch(name) and not valid_figure(name):
            raise Fault(f"{show(name)} 不是证据包的文件", f"{show(name)} is not a file of a bundle")
        self.sizes[name], self.entries[name] = size, entry

    def chunks(self, name):
        """Yields the content of a file. At its end the digests are kept."""
        entry, sha256, sm3 = self.entries[name], hashlib.sha256(), new_sm3()
        if isinstance(sm3, SM3) and self.sizes[name] > 16 << 20:
            print(f"SM3 {name} … 本机 Python 没有 SM3，较慢 · slow, this Python has no SM3", file=sys.stderr)
        try:
            with self.zip.open(entry) if self.zip else open(entry, "rb") as f:
                for chunk in iter(lambda: f.read(1 << 20), b""):
                    sha256.update(chunk)
                    sm3.update(chunk)
                    yield chunk
        except Exception as error:  # zipfile and zlib raise many kinds for a damaged archive
            raise Fault(f"{show(name)} 读不出来（{error}）", f"{show(name)} cannot be read ({error})") from None
        self.digests[name] = sha256.digest(), sm3.digest()

    def read(self, name, limit=NOTE_BYTES_MAX):
        if self.sizes[name] > limit:
            raise Fault(f"{show(name)} 过大，上限为 {limit} 字节", f"{show(name)} is too large: the limit is {limit} bytes")
        return b"".join(self.chunks(name))

    def numbers(self, pattern):
        """Returns the numbers in the names that match a pattern, in ascending order."""
        return sorted(int(m.group(1)) for m in map(re.compile(pattern).fullmatch, self.sizes) if m)


# ---- the records ----------------------------------------------------------------------------------------------------

HEAD = re.compile(rb'\{"position":([1-9][0-9]{0,19}),"stream":"([a-z]{1,32}|center-[A-Z0-9][A-Z0-9-]{2,31})"'
                  rb',"revision":([1-9][0-9]{0,19}),"recordedAt":"(([0-9]{4}-[0-9]{2}-[0-9]{2})T(?:[01][0-9]|2[0-3])'
                  rb':[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z)","id":"(?!0{8}-0{4}-0{4}-0{4}-0{12})[0-9a-f]{8}-[0-9a-f]{4}'
                  rb'-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}","kind":"([A-Za-z0-9._-]{1,100})","event":\{')


def valid_day(day):
    try:
        return datetime.date.fromisoformat(day.decode()).year >= 1970
    except ValueError:
        return False


def seconds(at):
    """Returns the seconds since 1970 of an RFC 3339 time."""
    return datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()


def time_of(at):
    """Returns the time, in Shanghai, of seconds since 1970."""
    return datetime.datetime.fromtimestamp(at, datetime.timezone(datetime.timedelta(hours=8)))


def split_lines(bundle):
    """Yields the lines of records.jsonl without their newlines."""
    rest = b""
    for chunk in bundle.chunks("records.jsonl"):
        *found, rest = (rest + chunk).split(b"\n")
        yield from found
        if len(rest) > LINE_BYTES_MAX:
            break
    if rest:
        raise Fault(f"records.jsonl 有一行超过 {LINE_BYTES_MAX} 字节，或末行没有换行",
                    f"a line of records.jsonl has more than {LINE_BYTES_MAX} bytes, or has no newline")


class Records:
    """Records is what one pass over records.jsonl finds."""

    def __init__(self, bundle, sizes, center=None, prove=None):
        """Reads the records of a whole ledger with the roots at sizes, or those of a center, of which each is given
        to prove, a function of position and line."""
        self.count, self.last = 0, 0  # the number of lines and the last position
        self.streams = {}  # the last revision by stream
        self.roots, self.times = {0: EMPTY_ROOT}, {0: 0}  # the root, and when the last record was recorded, by size
        self.seals = []
        own = center and {f"center-{center}".encode(), b"policy", b"ledger"}
        wanted = sorted(sizes - {0}, reverse=True)
        stack, day, at, match, sha256, streams = [], b"", b"", HEAD.match, hashlib.sha256, self.streams
        next_size, n = wanted.pop() if wanted else -1, 0
        for line in split_lines(bundle):
            m = match(line)
            if m is None or line[-2:] != b"}}":
                raise self._fault("不是台账的存储格式", "the line is not in the stored form")
            position, stream, revision, now, today, kind = m.groups()
            if center is None:
                n += 1
                if position != b"%d" % n:
                    raise self._fault(f"写的是位置 {int(position)}，应为 {n}", f"expected position {n}, got {int(position)}")
            elif int(position) <= n or stream not in own:
                raise self._fault("位置不递增，或不属于这个中心", "its position is not after the last, or it is not of the center")
            else:
                n = int(position)
            expected = streams.get(stream, 0) + 1
            if revision != b"%d" % expected:
                raise self._fault(f"{stream.decode()} 的序号应为 {expected}，写的是 {int(revision)}：少了或多了记录",
                                  f"{stream.decode()}: expected revision {expected}, got {int(revision)}: a record is "
                                  "missing or inserted")
            if now < at or today != day and not valid_day(today):
                raise self._fault(f"写入时间 {now.decode()} 早于前一条，或不是时间",
                                  f"recordedAt {now.decode()} is before the line above, or no time")
            streams[stream] = expected
            self.count += 1
            if kind == b"ledger.sealed":
                self.seals.append(Seal(n, now.decode(), line))
            if center is not None:
                prove(n, line)
            else:
                h, size = sha256(b"\0" + line).digest(), n - 1
                while size & 1:
                    h = sha256(b"\1" + stack.pop() + h).digest()
                    size >>= 1
                stack.append(h)
            while 0 <= next_size <= n:
                self.times[next_size] = seconds((now if next_size == n else at or now).decode())
                if center is None:
                    self.roots[next_size] = fold(stack)
                next_size = wanted.pop() if wanted else -1
            day, at = today, now
        self.last = n
        self.times.update({size: seconds(at.decode()) if at else 0 for size in [next_size] + wanted})

    def _fault(self, zh, en):
        return Fault(f"records.jsonl 第 {self.count + 1} 行：{zh}", f"records.jsonl, line {self.count + 1}: {en}")


class Seal:
    """Seal is a record of kind ledger.sealed: what the ledger itself states about the checkpoint before."""

    def __init__(self, position, at, line):
        def once(pairs):
            if len({name for name, _ in pairs}) != len(pairs):
                raise ValueError
            return dict(pairs)

        self.position, self.at = position, seconds(at)
        try:
            stored = json.loads(line, object_pairs_hook=once)
            data = stored["event"]["data"]
            self.key, self.origin, self.size = Key(data["key"]), data["origin"], data["size"]
            self.root = unbase64(data["root"])
            self.cosigned = collections.Counter(int(seconds(c["at"])) for c in data.get("cosigners") or [])
            after = data.get("after")
            self.after = after and (after["origin"], after["size"])
            right = (stored["stream"] == "ledger" and self.key.type == LOG_KEY and self.key.name == self.origin
                     and type(self.size) is int and self.size >= 0 and len(self.root or b"") == 32)
        except (Fault, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            right = False
        if not right:
            raise Fault(f"位置 {position} 的封存记录写法不对",
                        f"the sealing record at position {position} is not in the expected form")


# ---- the checks -----------------------------------------------------------------------------------------------------

UNPROVABLE = (("从未录入的事项", "what was never entered"),
              ("录入的单据本身是否真实", "whether the documents that were entered are true"),
              ("第一次见证之前是否改动过", "whether anything was changed before the first witness signed"),
              ("最后一个检查点之后的记录", "anything after the last checkpoint"),
              ("足够多的见证方与台账单位串通，或信任文件中的公钥不是本人的",
               "whether enough witnesses work together with the ledger's office, or a key in the trust file is not "
               "its owner's"),
              ("在两次封存之间倒填的时间；采用的办法参数本身不当；两种算法相同的错误",
               "times dated back between two sealings; a policy that is adopted rightly and is wrong; an error that "
               "both evaluations share"))
UNPROVABLE_OF_CENTER = (("所示的最后一条确是该中心的最后一条", "that the last record shown of the center is its last"),
                        ("所示办法参数确是最后采用的", "that the last policy shown is the last one adopted"),
                        ("任何涉及其他中心的合计", "any total over other centers"))


class Verdict:
    """Verdict collects what holds, what contradicts and what was not examined, each said in both languages. It prints
    one of them, or both if lang is None."""

    def __init__(self, lang):
        self.lang = lang
        self.holding, self.faults, self.unexamined, self.unprovable = [], [], [], list(UNPROVABLE)

    def holds(self, zh, en):
        self.holding.append((zh, en))

    def open(self, zh, en):
        self.unexamined.append((zh, en))

    def step(self, check, *arguments):
        """Runs a check. Returns its result, or None if it found a contradiction."""
        try:
            return check(*arguments)
        except Fault as fault:
            self.faults.append((fault.zh, fault.en))
            return None

    def print(self, zh, en):
        for title, said in ((("相符", "Holds"), self.holding), (("不符", "FAILS"), self.faults),
                            (("未核验", "Not examined"), self.unexamined),
                            (("不能证明", "Cannot be proven"), self.unprovable), (("结论", "Verdict"), [(zh, en)])):
            if said:
                print(self.of(*title, " · "))
            for zh, en in said[:SAID_MAX]:
                print("  - " + self.of(zh, en, "\n    "))
            if len(said) > SAID_MAX:
                print(f"  - … {len(said) - SAID_MAX}")

    def of(self, zh, en, between):
        """Returns a text in the language of the verdict, or in both."""
        return {"zh": zh, "en": en}.get(self.lang, zh + between + en)


def read_checkpoints(bundle):
    """Returns all checkpoints of a bundle, the newest last."""
    newest = Checkpoint(bundle.read("checkpoint"), "checkpoint")
    names = [f"checkpoints/{size}" for size in bundle.numbers("checkpoints/([1-9][0-9]{0,18})")]
    earlier = [Checkpoint(bundle.read(name), name) for name in names]
    for c in earlier:
        if c.name != f"checkpoints/{c.size}" or c.origin != newest.origin or c.size >= newest.size:
            raise Fault(f"{c.name} 不是这本台账的较早检查点", f"{c.name} is not an earlier checkpoint of this ledger")
    return earlier + [newest]


def read_whole(verdict, bundle, checkpoints, known):
    """Reads all records, and compares the root at the size of each checkpoint."""
    sizes = {c.size for c in checkpoints + known}
    records = Records(bundle, sizes)
    others = {s.size for s in records.seals if s.size < s.position} - records.roots.keys()
    if others:  # records of sealing state roots at sizes of which the bundle has no checkpoint
        records = Records(bundle, sizes | others)
    before = 0
    for c in checkpoints:
        if c.size > records.count:
            raise Fault(f"{c.name} 所封记录 {c.size} 条，证据包只有 {records.count} 条：末尾的记录被截去",
                        f"{c.name} is of {c.size} records, the bundle has {records.count}: the last are left out")
        if records.roots[c.size] != c.root:
            raise Fault(f"{c.name} 的根值与记录不符：位置 {before + 1} 至 {c.size} 之间有记录被改动、抽走、插入或移位",
                        f"the records do not give the root of {c.name}: between positions {before + 1} and {c.size} "
                        "a record was changed, removed, inserted or moved")
        before = c.size
    n, later = len(checkpoints), records.count - before
    verdict.holds(f"{records.count} 条记录、{len(records.streams)} 个序列：位置和序号连续，写入时间不倒退；"
                  f"与全部 {n} 个检查点的根值相符，最新的所封记录 {before} 条，其后还有 {later} 条",
                  f"records: {records.count}, streams: {len(records.streams)}; positions and revisions have no gap, "
                  f"times never go back; the records give the root of every checkpoint (checkpoints: {n}), the newest "
                  f"is of {before} records; records after it: {later}")
    return records


def read_center(verdict, bundle, checkpoints):
    """Reads the records of one center with their proofs, and the proofs from each checkpoint to the newest."""
    newest = checkpoints[-1]
    center = re.fullmatch(rb"([A-Z0-9][A-Z0-9-]{2,31})\n", bundle.read("center.txt"))
    if not center:
        raise Fault("center.txt 应为一个中心编号", "center.txt: expected the id of a center")
    center = center.group(1).decode()

    def prove(position, line):
        name = f"proofs/{position}.tlog-proof"
        if name not in bundle.sizes:
            raise Fault(f"位置 {position} 的记录没有回执", f"the record at position {position} has no receipt")
        index, path, checkpoint = parse_proof(bundle.read(name), name)
        if (index != position - 1 or checkpoint != newest.content
                or not includes(path, index, leaf_hash(line), newest.size, newest.root)):
            raise Fault(f"位置 {position} 的记录与它的回执不符：记录或回执被改动过",
                        f"the receipt of position {position} does not prove the record: one of them was changed")

    records = Records(bundle, {c.size for c in checkpoints}, center, prove)
    records.roots.update({c.size: c.root for c in checkpoints})
    if len(bundle.numbers(r"proofs/([1-9][0-9]{0,18})\.tlog-proof")) != records.count:
        raise Fault("有回执没有记录", "there is a receipt without a record")
    if bundle.numbers(r"checkpoints/([1-9][0-9]{0,18})\.consistency") != [c.size for c in checkpoints[:-1]]:
        raise Fault("较早的检查点与延续证明（.consistency）不成对",
                    "earlier checkpoints and consistency proofs (.consistency) are not pairs")
    for c in checkpoints[:-1]:
        *rows, rest = bundle.read(f"{c.name}.consistency").split(b"\n")
        if rest or not extends(hashes(rows, c.name), c.size, c.root, newest.size, newest.root):
            raise Fault(f"{c.name} 到最新检查点的延续证明不成立",
                        f"the consistency proof from {c.name} to the newest checkpoint fails")
    last = records.streams.get(f"center-{center}".encode(), 0)
    verdict.holds(f"中心 {center} 的记录序号 1 至 {last} 连续，连同采用办法参数的记录和封存记录共 {records.count} 条，"
                  f"各有回执，都在检查点 {newest.size} 之中；较早的检查点（{len(checkpoints) - 1} 个）都证明是它的开头部分",
                  f"the revisions of center {center} have no gap from 1 to {last}; each of the {records.count} "
                  "records, with those of policies and of sealing, has a receipt, which proves that it lies unchanged "
                  f"in the checkpoint of {newest.size} records; earlier checkpoints, each proven to be a prefix of "
                  f"it: {len(checkpoints) - 1}")
    verdict.unprovable.extend(UNPROVABLE_OF_CENTER)
    return records


def check_seals(verdict, checkpoints, records):
    """Compares what the ledger states about its checkpoints with the tree. Returns the key that it states."""
    before, origins, unknown, newest = None, [], 0, checkpoints[-1]
    cosigned = {c.size: c.times() for c in checkpoints}
    for s in records.seals:
        if s.origin not in origins:
            origins.append(s.origin)
            follows = s.size == 0 and (before is None or bool(s.after) and s.after[0] == before.origin)
        else:
            same = (s.origin, s.key.text) == (before.origin, before.key.text)
            follows = same and s.size >= before.size and not s.after
        if not follows:
            raise Fault(f"位置 {s.position} 的封存记录与前一条不相接",
                        f"the sealing record at position {s.position} does not follow the last one")
        if s.size >= s.position or records.roots.get(s.size, s.root) != s.root:
            raise Fault(f"位置 {s.position} 的封存记录所载检查点 {s.size}，根值与记录不符",
                        f"the sealing record at position {s.position} cites a checkpoint of {s.size} records with "
                        "another root than the records give")
        if any(at > s.at + CLOCK_SECONDS_MAX for at in s.cosigned):
            raise Fault(f"位置 {s.position} 的封存记录写入时间早于它所载的见证时间：写入时间是倒填的",
                        f"the sealing record at position {s.position} was recorded before a cosignature that it "
                        "names: it is back-dated")
        missing = s.size not in cosigned or s.cosigned - cosigned[s.size]
        if s.size and s.origin == newest.origin and missing:
            raise Fault(f"位置 {s.position} 的封存记录载有检查点 {s.size}，证据包中没有，或缺所载的见证",
                        f"the sealing record at position {s.position} cites a checkpoint of {s.size} records, which "
                        "the bundle lacks, or which lacks a cosignature that is cited")
        if s.after:
            name, size = map(show, s.after)
            verdict.open(f"自位置 {s.position} 起换用封存标识 {show(s.origin)}，原标识 {name} 的最后检查点为 {size} 条：其中不在本台账的记录",
                         f"from position {s.position} on the origin is {show(s.origin)}, before it was {name} with "
                         f"{size} records: those that are not in this ledger")
        unknown += s.size not in records.roots
        before = s
    if not before or before.origin != newest.origin:
        raise Fault("检查点的封存标识与最后的封存记录不同",
                    "the origin of the checkpoint is not that of the last sealing record")
    agree = len(records.seals) - unknown
    verdict.holds(f"{agree} 条封存记录所载的检查点和根值与记录相符",
                  "the checkpoints and roots that the sealing records cite are those of the records (sealing records: "
                  f"{agree})")
    if unknown:
        verdict.open(f"{unknown} 条封存记录：证据包中没有所载的检查点",
                     f"sealing records whose checkpoint the bundle lacks: {unknown}")
    return before.key


def check_signatures(verdict, checkpoints, key, trust):
    """Checks the signatures of all known keys. Returns the times of cosignatures by witness, for each checkpoint."""
    if trust and trust.log.name != checkpoints[-1].origin:
        verdict.open(f"见证：信任文件是另一台账 {show(trust.log.name)} 的",
                     f"witnesses: the trust file is of another ledger, {show(trust.log.name)}")
        trust = None
    elif trust and key and key.text != trust.log.text:
        raise Fault(f"封存记录所载台账公钥，与信任文件的不同：{show(key.text)}",
                    f"the sealing records name another key of the ledger than the trust file: {show(key.text)}")
    key, witnesses = trust.log if trust else key, trust.witnesses if trust else {}
    known, unknown, cosigned = {(k.name, k.id) for k in [key, *witnesses.values()] if k}, set(), []
    for c in checkpoints:
        if key and not c.signed_by(key):
            raise Fault(f"{c.name} 没有台账的签名", f"{c.name} is not signed with the ledger's key")
        times = {name: c.cosigned_by(witness) for name, witness in witnesses.items()}
        cosigned.append({name: at for name, at in times.items() if at is not None})
        unknown |= {(name, identity) for name, identity, _ in c.signatures} - known
    if key:
        zh, en = ("信任文件", "in the trust file") if trust else ("封存记录自己所载的公钥", "that the sealing records name")
        verdict.holds(f"{len(checkpoints)} 个检查点都有台账的签名（依{zh}）",
                      f"checkpoints signed with the ledger's key {en}: all {len(checkpoints)}")
    zh, en = (("不是信任文件所列的公钥", "not a key of the trust file") if trust else
              ("没有本台账的信任文件，没有可采信的公钥", "without a trust file of this ledger there is no key to trust"))
    for name, identity in sorted(unknown):
        verdict.open(f"{show(name)}（编号 {identity.hex()}）的签名行：{zh}",
                     f"the signature lines of {show(name)} (id {identity.hex()}): {en}")
    return cosigned


def check_times(checkpoints, records, cosigned):
    """Checks that no record was recorded after it was cosigned."""
    for c, witnesses in zip(checkpoints, cosigned):
        if any(records.times[c.size] > at + CLOCK_SECONDS_MAX for at in witnesses.values()):
            raise Fault(f"{c.name} 的见证时间早于其中最后一条的写入时间",
                        f"{c.name} was cosigned before its last record was recorded")


def check_known(verdict, known, checkpoints, records, center):
    """Checks that the checkpoint which the reader kept, and may have typed from paper, is of a beginning of these
    records."""
    if not known.signatures:
        verdict.open("留存的检查点没有签名行：按您给出的三行比对",
                     "the checkpoint that you kept has no signature line: its three lines are compared as you gave "
                     "them")
    origins = {checkpoints[-1].origin} | {s.origin for s in records.seals}
    if known.origin not in origins | {s.after[0] for s in records.seals if s.after}:
        raise Fault(f"留存的检查点属于另一封存标识：{show(known.origin)}",
                    f"the checkpoint that you kept is of another origin: {show(known.origin)}")
    if known.size not in records.roots and center:
        verdict.open(f"留存的检查点（{known.size} 条）：单个中心的证据包中没有这一大小的检查点，无从比对",
                     f"the checkpoint that you kept ({known.size} records): the bundle has none of that size")
    elif known.size not in records.roots:
        raise Fault(f"留存的检查点已封 {known.size} 条，证据包只有 {records.count} 条：末尾的记录被截去，或证据包是更早的",
                    f"the checkpoint that you kept is of {known.size} records, the bundle has {records.count}: the "
                    "last are left out, or the bundle is older")
    elif records.roots[known.size] != known.root:
        raise Fault(f"留存的检查点（{known.size} 条）与记录不符：其中有改动，这不是同一部历史",
                    f"the first {known.size} records are not those of the checkpoint that you kept: this is another "
                    "history")
    else:
        verdict.holds(f"留存的检查点（{known.size} 条）是本台账的开头部分：此前的记录原样都在",
                      f"the checkpoint that you kept ({known.size} records) is a prefix of this ledger: every record "
                      "before it is here unchanged")


def check_stamps(verdict, bundle, checkpoints):
    """Checks that each time-stamp token is about a checkpoint of the bundle. The token itself is not examined."""
    stems = {os.path.splitext(name)[0] for name in bundle.sizes if name.startswith("timestamps/")}
    sizes = {c.text: c.size for c in checkpoints}
    for stem in sorted(stems):
        if not {stem + ".tsr", stem + ".note"} <= bundle.sizes.keys():
            raise Fault(f"{stem} 的 .tsr 与 .note 不成对", f"{stem}: .tsr or .note is missing")
        content, token, sm3 = bundle.read(stem + ".note"), bundle.read(stem + ".tsr", 1 << 20), new_sm3()
        sm3.update(content)
        digests = [hashlib.new(h, content).digest() for h in ("sha256", "sha384", "sha512")] + [sm3.digest()]
        size = sizes.get(Checkpoint(content, stem + ".note").text)
        if not stem.startswith(f"timestamps/{size}-") or not any(d in token for d in digests):
            raise Fault(f"{stem} 不是包内检查点的时间戳", f"{stem} is not a time stamp of a checkpoint of the bundle")
    if stems:
        verdict.open(f"时间戳的签名（{len(stems)} 个）", f"the signatures of time-stamp tokens: {len(stems)}")


def check_manifests(verdict, bundle):
    """Compares both manifests with the files."""
    listed = sorted((n for n in bundle.sizes if n not in dict(MANIFESTS)), key=lambda n: n.encode("utf-8", "replace"))
    for name in listed:
        for _ in bundle.chunks(name) if name not in bundle.digests else ():
            pass
    for which, (manifest, row) in enumerate(MANIFESTS):
        content = bundle.read(manifest, 1 << 30)
        rows = list(row.finditer(content))
        names = [m["name"].decode("utf-8", "replace") for m in rows]
        if b"".join(m.group() for m in rows) != content or names != listed:
            others = sorted(set(names) ^ set(listed)) or [""]
            raise Fault(f"{manifest} 所列不是包内的文件，或写法不对 {show(others[0])}",
                        f"{manifest} does not list the files that are there, or is not in the expected form "
                        f"{show(others[0])}")
        for name, m in zip(listed, rows):
            if bundle.digests[name][which].hex().encode() != m["digest"]:
                raise Fault(f"文件 {show(name)} 与清单 {manifest} 不符：文件或清单被改动过",
                            f"the file {show(name)} is not what {manifest} lists: the file or the list was changed")
    verdict.holds(f"两份清单所列的 {len(listed)} 个文件，SHA-256 和 SM3 全部相符",
                  f"the SHA-256 and SM3 of all {len(listed)} files are those in the two manifests")


def check(path, trust, known, lang):
    """Checks a bundle and prints the verdict. Returns the exit code."""
    verdict, met = Verdict(lang), None
    bundle = verdict.step(Bundle, path)
    checkpoints = bundle and verdict.step(read_checkpoints, bundle)
    if checkpoints:
        center = "center.txt" in bundle.sizes
        records = (verdict.step(read_center, verdict, bundle, checkpoints) if center else
                   verdict.step(read_whole, verdict, bundle, checkpoints, [known] if known else []))
        key = records and verdict.step(check_seals, verdict, checkpoints, records)
        cosigned = verdict.step(check_signatures, verdict, checkpoints, key, trust)
        if records and cosigned is not None:
            verdict.step(check_times, checkpoints, records, cosigned)
            for c, times in zip(checkpoints, cosigned):
                met = (c, times) if trust and trust.met(times) else met
        if records and known:
            verdict.step(check_known, verdict, known, checkpoints, records, center)
        verdict.step(check_stamps, verdict, bundle, checkpoints)
    if bundle:
        verdict.step(check_manifests, verdict, bundle)
        for name in sorted(n for n in bundle.sizes if n.startswith("figures/")):
            verdict.open(f"报表 {show(name)}", f"the report {show(name)}")
    verdict.open("由记录得出的账目，SM2 签名行，记录所附的文件",
                 "the accounts that follow from the records, SM2 signature lines, the files attached to records")
    verdict.open("README.txt、policy.txt、verify.py 的内容", "what README.txt, policy.txt and verify.py say")
    if met:
        said = [f"{show(name)} {time_of(at):%Y-%m-%d %H:%M:%S}" for name, at in met[1].items()]
        verdict.holds(f"检查点 {met[0].size} 达到信任文件的见证要求（北京时间）：{'、'.join(said)}",
                      f"the checkpoint of {met[0].size} records meets the quorum of the trust file (Shanghai time): "
                      f"{', '.join(said)}")
    if verdict.faults:
        verdict.print("有矛盾，不能采信", "something contradicts; do not rely on this bundle")
        return 1
    if met:
        verdict.print("所核验的都相符", "all that was examined holds")
        return 0
    why_zh, why_en = (("没有一个检查点达到信任文件的见证要求", "no checkpoint meets the quorum of the trust file") if trust
                      else ("没有给出自己的信任文件", "no trust file of your own was given"))
    verdict.print(f"没有发现矛盾，但不能证明未被整体改写：{why_zh}",
                  f"nothing contradicts, but nothing proves that the whole was not written anew: {why_en}")
    return 3


class Parser(argparse.ArgumentParser):
    """Parser reports wrong usage in the language that was asked for, or in both."""
    lang = None

    def error(self, message):
        self.fail("用法不对：应给出一个证据包，选项有 --trust FILE、--known FILE、--lang zh|en",
                  f"wrong usage: {message}")

    def fail(self, zh, en):
        self.exit(2, Verdict(self.lang).of(zh, en, "\n") + "\npython3 verify.py --help\n")


def own(path):
    """Returns the content of a regular file of the reader, up to a limit."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise Fault(f"{show(path)} 不是普通文件：请先存成文件", f"{show(path)} is not a regular file: save it as one first")
    try:
        with open(path, "rb") as f:
            content = f.read(OWN_BYTES_MAX + 1)
    except FileNotFoundError:
        raise Fault(f"文件 {show(path)} 不存在", f"there is no file {show(path)}") from None
    except PermissionError:
        raise Fault(f"没有读取文件 {show(path)} 的权限", f"there is no permission to read the file {show(path)}") from None
    except OSError as error:
        raise Fault(f"文件 {show(path)} 打不开：{error.strerror}",
                    f"the file {show(path)} cannot be opened: {error.strerror}") from None
    return content


def main(arguments):
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS,
                    allow_abbrev=False)
    for lang in ("zh", "en"):
        if f"--lang={lang}" in arguments or ("--lang", lang) in zip(arguments, arguments[1:]):
            parser.lang = lang
    for name in ("bundle", "--trust", "--known"):
        parser.add_argument(name)
    parser.add_argument("--lang", choices=("zh", "en"))
    options = parser.parse_args(arguments)
    try:
        if not os.path.isdir(options.bundle):
            own(options.bundle)
        trust = Trust(own(options.trust)) if options.trust else None
        known = read_kept(own(options.known), options.known) if options.known else None
    except Fault as fault:
        parser.fail(fault.zh, fault.en)
    return check(options.bundle, trust, known, options.lang)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
