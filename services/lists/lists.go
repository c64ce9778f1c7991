package lists

// Lists holds all lists, in the order in which they are shown.
var Lists = []*List{centersList, alertsList, executionList,
	delayedList, deferralsList, ageingList, spendingList,
	dueList, traceList, changesList,
	findList, sampleList, duplicatesList,
}
