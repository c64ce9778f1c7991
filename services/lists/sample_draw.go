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

// A sample is drawn with a seed that nobody can choose and everybody can compute again:
//
//	seed = SHA-256(root || question)
//
// where root is the root hash of the ledger at the position (32 bytes, package seal) and question is the four lines of
// questionText in UTF-8. The question contains neither the size of the sample nor the as-of date. So a larger sample
// by record begins with the smaller sample, and a sample of a past year is the same on any later day.

// questionText returns the question as it enters the seed. The center is "all" for the whole province. Each line ends
// with a newline.
func questionText(center events.CenterID, year int, by string) string {
	return fmt.Sprintf("taizhang sample 1\ncenter %s\nyear %d\nby %s\n", cmp.Or(center, "all"), year, by)
}

// seedOf returns the seed of a sample.
func seedOf(root [sha256.Size]byte, question string) [sha256.Size]byte {
	return sha256.Sum256(append(root[:], question...))
}

// drawn is a voucher that was drawn. Its index is that in the population; hits is the number of times that a draw by
// amount hit it.
type drawn struct {
	index, hits int
}

// drawRecords draws n vouchers, each with the same chance: the first n in the order of SHA-256(seed || position), with
// the position in decimal digits. It uses the position because a position identifies a record in the whole ledger; an
// id can repeat in another center.
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

// drawAmounts draws by monetary units. The population has T fen. n of these fen are hit, at intervals of T/n, and each
// hit draws the voucher to which the fen belongs. To compute in whole numbers, the vouchers lie end to end in the
// order of positions, each n times as long as its amount in fen. The hits are at u, u+T, u+2T … u+(n-1)T, where u is
// the seed, read as a big-endian number, modulo T. A voucher of T/n or more is always hit.
func drawAmounts(seed [sha256.Size]byte, population []booked, n int) (list []drawn) {
	total, count := new(big.Int), big.NewInt(int64(n))
	for i := range population {
		total.Add(total, big.NewInt(int64(population[i].amountFen)))
	}
	if total.Sign() == 0 {
		return nil
	}
	// the next hit, counted from the start of the current voucher
	next := new(big.Int).Mod(new(big.Int).SetBytes(seed[:]), total)
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
