package lists

// Lists are all lists of the desk, in the order in which they are shown.
var Lists = []*List{centersList, alertsList, executionList,
	delayedList, deferralsList, ageingList, spendingList,
	dueList, changesList,
	findList, sampleList, duplicatesList,
}
