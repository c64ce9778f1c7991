package lists

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"math/big"
	"strconv"

	"github.com/taizhang/taizhang/events"
)

// A sample is drawn by a seed that nobody can choose and everybody can compute again:
//
//	seed = SHA-256(root || question)
//
// where root is the root hash of the ledger at the position (32 bytes, package seal) and question the four lines of
// questionText in UTF-8. Neither the number asked for nor the as-of date is in it: a larger sample by record begins with
// the smaller one, and a year that is over is sampled alike on any later day.

// questionText is the question as it enters the seed, the center "all" for the whole province. Each line ends in a newline.
func questionText(center events.CenterID, year int, by string) string {
	return fmt.Sprintf("taizhang sample 1\ncenter %s\nyear %d\nby %s\n", cmp.Or(center, "all"), year, by)
}

// seedOf returns the seed of a sample.
func seedOf(root [sha256.Size]byte, question string) [sha256.Size]byte {
	return sha256.Sum256(append(root[:], question...))
}

// drawn is a voucher that was drawn, by index in the population. Hits says how often, for one by amount.
type drawn struct {
	index, hits int
}

// drawRecords draws n vouchers, each with the same chance: the first n in the order of SHA-256(seed || position), the
// position in decimal digits. It names a record of the ledger by itself, which an id does not: ids repeat between centers.
func drawRecords(seed [sha256.Size]byte, population []booked, n int) []drawn {
	type ticket struct {
		hash  [sha256.Size]byte
		index int
	}
	first := newLeading(n, func(a, b ticket) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	for i := range population {
		first.add(ticket{sha256.Sum256(strconv.AppendUint(seed[:], population[i].position, 10)), i})
	}
	var list []drawn
	for _, l := range first.sorted() {
		list = append(list, drawn{l.index, 1})
	}
	return list
}

// drawAmounts draws by monetary units: of the T fen of the population n are hit, T/n apart, and with each the voucher that
// it is of. Vouchers lie one after another in the order of positions, each n times as long as its amount in fen, so that all
// is in whole numbers; the hits are at u, u+T, u+2T … u+(n-1)T, where u is the seed, as a big-endian number, modulo T. A
// voucher of T/n or more is always hit.
func drawAmounts(seed [sha256.Size]byte, population []booked, n int) (list []drawn) {
	total, count := new(big.Int), big.NewInt(int64(n))
	for i := range population {
		total.Add(total, big.NewInt(int64(population[i].amountFen)))
	}
	if total.Sign() == 0 {
		return nil
	}
	next := new(big.Int).Mod(new(big.Int).SetBytes(seed[:]), total) // from where the voucher begins
	length, hits, one := new(big.Int), new(big.Int), big.NewInt(1)
	for i := range population {
		length.Mul(length.SetInt64(int64(population[i].amountFen)), count)
		if next.Cmp(length) < 0 {
			hits.Sub(length, one).Sub(hits, next).Div(hits, total).Add(hits, one)
			list = append(list, drawn{i, int(hits.Int64())})
			next.Add(next, hits.Mul(hits, total))
		}
		next.Sub(next, length)
	}
	return list
}
