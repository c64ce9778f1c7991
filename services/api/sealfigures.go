package api

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// SealStatus is the state of the sealing of a served ledger.
type SealStatus struct {
	Size           uint64    // of the newest checkpoint; 0 if it does not lie here
	At             time.Time // when the ledger was sealed last
	Witnesses      int       // of the policy; 0 if it names none
	Cosigned       int       // of them, those that have cosigned it
	Met            bool      // the quorum of the policy is
	Sealed, Failed uint64    // sealings of this process
}

// sealFigures are the metrics of the sealing. A ledger that was never sealed has none.
type sealFigures struct{ status func() (SealStatus, bool) }

var (
	sealsDesc = prometheus.NewDesc("taizhang_seals_total", "Sealings of this process by outcome.", []string{"outcome"},
		nil)
	checkpointPositionDesc = prometheus.NewDesc("taizhang_checkpoint_position",
		"The number of records that the newest checkpoint covers.", nil, nil)
	checkpointTimeDesc = prometheus.NewDesc("taizhang_checkpoint_timestamp_seconds",
		"When the ledger was sealed last, in seconds since 1970.", nil, nil)
	checkpointCosignedDesc = prometheus.NewDesc("taizhang_checkpoint_cosignatures",
		"Witnesses of the policy that have cosigned the newest checkpoint.", nil, nil)
	checkpointQuorumDesc = prometheus.NewDesc("taizhang_checkpoint_quorum_met",
		"1 if enough witnesses have cosigned the newest checkpoint for the policy, else 0.", nil, nil)
)

// Describe implements prometheus.Collector.
func (g sealFigures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{sealsDesc, checkpointPositionDesc, checkpointTimeDesc,
		checkpointCosignedDesc, checkpointQuorumDesc} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (g sealFigures) Collect(to chan<- prometheus.Metric) {
	st, ok := g.status()
	if !ok {
		return
	}
	to <- prometheus.MustNewConstMetric(sealsDesc, prometheus.CounterValue, float64(st.Sealed), "sealed")
	to <- prometheus.MustNewConstMetric(sealsDesc, prometheus.CounterValue, float64(st.Failed), "failed")
	if st.Size == 0 {
		return
	}
	to <- prometheus.MustNewConstMetric(checkpointPositionDesc, prometheus.GaugeValue, float64(st.Size))
	to <- prometheus.MustNewConstMetric(checkpointTimeDesc, prometheus.GaugeValue, float64(st.At.Unix()))
	to <- prometheus.MustNewConstMetric(checkpointCosignedDesc, prometheus.GaugeValue, float64(st.Cosigned))
	if st.Witnesses == 0 {
		return
	}
	met := 0.0
	if st.Met {
		met = 1
	}
	to <- prometheus.MustNewConstMetric(checkpointQuorumDesc, prometheus.GaugeValue, met)
}
