package bundle

import (
	"strings"

	"github.com/taizhang/taizhang/events"
)

// readme returns README.txt for a bundle of one center, or of the whole ledger for "".
func readme(center events.CenterID) string {
	content := wholeReadme
	if center != "" {
		content = strings.ReplaceAll(centerReadme, "CENTER", string(center))
	}
	return strings.ReplaceAll(content, "COMMANDS\n", readmeCommands)
}

// readmeCommands are the commands of both languages.
const readmeCommands = `
    unzip -q FILE.zip -d bundle && cd bundle
    sha256sum -c manifest-sha256.txt
    cksum -a sm3 -c manifest-sm3.txt
    openssl dgst -sha256 records.jsonl
    openssl dgst -sm3 records.jsonl

    awk '/^$/ {exit} {print}' checkpoint >../text
    awk -v name="$(head -n 1 checkpoint)" '$1 == "—" && $2 == name {print $3; exit}' checkpoint |
        base64 -d | tail -c +5 >../signature
    printf '\060\052\060\005\006\003\053\145\160\003\041\000' >../key.der
    awk '$1 == "log" {print $2; exit}' ../MY-TRUST.txt | sed 's/^[^+]*+[^+]*+//' |
        base64 -d | tail -c +2 >>../key.der
    openssl pkeyutl -verify -pubin -keyform DER -inkey ../key.der -rawin -in ../text -sigfile ../signature

    openssl ts -verify -in timestamps/SIZE-N.tsr -data timestamps/SIZE-N.note -CAfile ../TSA.pem

`

const wholeReadme = `证据包：台账的全部记录
======================

本包供审计人员离线核验：记录有无改动、缺漏、插入或倒填日期，报表中的数字是否由记录得出。核验不需要联网，也不需要
相信台账单位。下文的 FILE.zip 是本包；MY-TRUST.txt 是您自己的信任文件，写有台账公钥、见证方的公钥和见证要求（须有
几家见证），公钥须从见证方等别处取得。本包中的 policy.txt 只是台账单位的建议，不能用来核验本包。

1. 完整核验（签名、见证、全部记录、每份报表的每个单元格）：

    taizhang-verify FILE.zip --trust MY-TRUST.txt

2. 只有 Python 3 时（签名、见证、全部记录；不重建账目，不核验报表）：

    python3 verify.py FILE.zip --trust MY-TRUST.txt

   这两个程序请从软件发布处取得，不要用本包中的 verify.py：改动了包的人也可以改动它。
   如果留存有以前的检查点文件 OLD.checkpoint，再加上 --known OLD.checkpoint。

3. 只用系统自带的命令（coreutils 9 和 OpenSSL 3）：前几行核对文件与清单一致；中间几行核对台账对最新检查点的签名；
   最后一行核对时间戳（如有），TSA.pem 是时间戳机构的根证书。
COMMANDS
   清单只能发现传送中的损坏：改动了文件的人也可以重写清单。防止改动的是检查点上的签名和见证。

各文件：records.jsonl 每行一条记录，按台账位置排列；checkpoint 是最新的检查点，checkpoints 中是以前的；
timestamps 是时间戳；figures 是报表；policy.txt 是台账单位建议的信任文件。

不能证明的：从未录入的事项；录入的单据本身是否真实；第一次见证之前是否改动过；最后一个检查点之后的记录。


Bundle: all records of the ledger
=================================

An auditor can check this bundle offline: whether a record was changed, left out, inserted or back-dated, and whether
the figures of the reports follow from the records. No network is needed, and no trust in the ledger's office.
FILE.zip is this bundle. MY-TRUST.txt is your own trust file, with the public keys of the ledger and of its witnesses,
which you have from elsewhere, such as from the witnesses, and the quorum: how many of them must have signed. The
policy.txt in this bundle is only what the ledger's office proposes: do not check the bundle with it.

1. A full check (signatures, witnesses, all records, every cell of every report):

    taizhang-verify FILE.zip --trust MY-TRUST.txt

2. With Python 3 alone (signatures, witnesses, all records; no accounts are rebuilt and no reports checked):

    python3 verify.py FILE.zip --trust MY-TRUST.txt

   Take both programs from where the software is released, and not the verify.py in this bundle: whoever changed the
   bundle may have changed it too. If you kept an earlier checkpoint, add --known OLD.checkpoint.

3. With the commands of a system alone (coreutils 9 and OpenSSL 3): the first lines compare the files with the
   manifests, the next ones check the ledger's signature of the newest checkpoint, and the last one checks a time
   stamp, if there is one; TSA.pem is the root certificate of the time-stamp authority.
COMMANDS
   The manifests only find damage of a transfer: whoever changes a file can write them anew. The signatures and the
   witnesses of the checkpoints protect against changes.

The files: records.jsonl has one record a line, in the order of the ledger; checkpoint is the newest checkpoint, and
checkpoints has the earlier ones; timestamps has time stamps; figures has reports; policy.txt is the trust file that
the ledger's office proposes.

What cannot be proven: what was never entered; whether the documents that were entered are true; whether anything was
changed before the first witness signed; anything after the last checkpoint.
`

const centerReadme = `证据包：中心 CENTER 的记录，连同核验所需的办法参数、封存记录和回执
===================================================================

本包供审计人员离线核验一个中心的记录。核验不需要联网，也不需要相信台账单位。下文的 FILE.zip 是本包；MY-TRUST.txt
是您自己的信任文件，写有台账公钥、见证方的公钥和见证要求（须有几家见证），公钥须从见证方等别处取得。本包中的
policy.txt 只是台账单位的建议，不能用来核验本包。

能证明的：所列的每条记录都未经改动，就在台账的该位置上；该中心的记录和采用办法参数的记录，在所列的第一条到最后
一条之间没有缺漏。
不能证明的：所示的最后一条确是该中心的最后一条；所示办法参数确是最后采用的；任何涉及其他中心的合计；从未录入的
事项；录入的单据本身是否真实；第一次见证之前是否改动过；最后一个检查点之后的记录。
其他中心：包中没有其他中心的记录。每条记录的回执中有若干散列，其中离它最近的一个往往是相邻一条记录的散列，那条
记录可能属于其他中心。由散列算不出记录；只有已经知道那条记录全部内容（包括编号和精确到微秒的写入时间）的人才能
认出它。

1. 完整核验（签名、见证、所列记录、每份报表的每个单元格）：

    taizhang-verify FILE.zip --trust MY-TRUST.txt

2. 只有 Python 3 时（签名、见证、所列记录；不重建账目，不核验报表）：

    python3 verify.py FILE.zip --trust MY-TRUST.txt

   这两个程序请从软件发布处取得，不要用本包中的 verify.py：改动了包的人也可以改动它。

3. 只用系统自带的命令（coreutils 9 和 OpenSSL 3）：前几行核对文件与清单一致；中间几行核对台账对最新检查点的签名；
   最后一行核对时间戳（如有），TSA.pem 是时间戳机构的根证书。
COMMANDS
   清单只能发现传送中的损坏：改动了文件的人也可以重写清单。防止改动的是检查点上的签名和见证。

各文件：center.txt 是中心编号；records.jsonl 每行一条记录，按台账位置排列；proofs 是各条记录的回执，文件名是台账
位置；checkpoint 是最新的检查点，checkpoints 中是以前的和到最新检查点的延续证明（.consistency）；timestamps 是
时间戳；figures 是报表；policy.txt 是台账单位建议的信任文件。


Bundle: the records of center CENTER, with the policies, sealing records and receipts that a check needs
=======================================================================================================

An auditor can check the records of one center offline. No network is needed, and no trust in the ledger's office.
FILE.zip is this bundle. MY-TRUST.txt is your own trust file, with the public keys of the ledger and of its witnesses,
which you have from elsewhere, such as from the witnesses, and the quorum: how many of them must have signed. The
policy.txt in this bundle is only what the ledger's office proposes: do not check the bundle with it.

Proven: each record shown is unchanged and lies at its position of the ledger; none of the center and none of the
policies is missing between the first and the last shown.
Not proven: that the last record shown of the center is its last; that the last policy shown is the last one adopted;
any total over other centers; what was never entered; whether the documents that were entered are true; whether
anything was changed before the first witness signed; anything after the last checkpoint.
Other centers: the bundle has none of their records. The receipt of a record has some hashes, and the first of them is
often that of the record beside it, which may belong to another center. No record can be computed from its hash; only
who already knows all of that record, with its id and the microsecond of its recording, can recognize it.

1. A full check (signatures, witnesses, the records shown, every cell of every report):

    taizhang-verify FILE.zip --trust MY-TRUST.txt

2. With Python 3 alone (signatures, witnesses, the records shown; no accounts are rebuilt and no reports checked):

    python3 verify.py FILE.zip --trust MY-TRUST.txt

   Take both programs from where the software is released, and not the verify.py in this bundle: whoever changed the
   bundle may have changed it too.

3. With the commands of a system alone (coreutils 9 and OpenSSL 3): the first lines compare the files with the
   manifests, the next ones check the ledger's signature of the newest checkpoint, and the last one checks a time
   stamp, if there is one; TSA.pem is the root certificate of the time-stamp authority.
COMMANDS
   The manifests only find damage of a transfer: whoever changes a file can write them anew. The signatures and the
   witnesses of the checkpoints protect against changes.

The files: center.txt has the id of the center; records.jsonl has one record a line, in the order of the ledger; proofs
has the receipt of each record, named by its position; checkpoint is the newest checkpoint, and checkpoints has the
earlier ones with the consistency proofs (.consistency) from each to the newest; timestamps has time stamps; figures
has reports; policy.txt is the trust file that the ledger's office proposes.
`
