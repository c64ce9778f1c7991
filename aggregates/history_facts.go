package aggregates

import "github.com/taizhang/taizhang/events"

// factsAt returns the registered facts at the end of a day.
func (ix *index) factsAt(d events.Date) events.Facts {
	f := ix.registered.what.Facts
	for _, change := range ix.facts.upTo(d) {
		changeFacts(&f, change.what)
	}
	return f
}

// Facts returns the registered facts as of a date. They are zero if the center was not registered by that date.
func (c *Center) Facts(on events.Date) events.Facts {
	if !c.Registered() || c.ix.registered.on > on {
		return events.Facts{}
	}
	return c.ix.factsAt(on)
}

func changeFacts(f *events.Facts, c *events.FactsChanged) {
	set(&f.Name, c.Name)
	set(&f.USCC, c.USCC)
	set(&f.LeadUnit, c.LeadUnit)
	set(&f.Type, c.Type)
	set(&f.IndustryCode, c.IndustryCode)
	set(&f.Region, c.Region)
	set(&f.LegalEntity, c.LegalEntity)
	set(&f.NewUnit, c.NewUnit)
	set(&f.UsableAreaM2, c.UsableAreaM2)
	set(&f.EquipmentFen, c.EquipmentFen)
	set(&f.RelaxationRequested, c.RelaxationRequested)
	set(&f.PilotFunction, c.PilotFunction)
	set(&f.PilotDevicesSeparate, c.PilotDevicesSeparate)
	set(&f.EthicsSensitive, c.EthicsSensitive)
	set(&f.EthicsCommittee, c.EthicsCommittee)
	setList(&f.Services, c.Services)
	setList(&f.LeadingIndustries, c.LeadingIndustries)
	setList(&f.Fields, c.Fields)
	setList(&f.Documents, c.Documents)
	if c.FoundedOn != 0 {
		f.FoundedOn = c.FoundedOn
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func setList(to *[]string, from []string) {
	if from != nil {
		*to = from
	}
}
