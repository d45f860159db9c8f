package ingestpb

// FetchCost is what a part of a fetch takes of its window: its data, and what it costs to keep it.
func FetchCost(f *Fetched) uint64 { return uint64(len(f.GetData())) + 256 }

// FetchPart is how much data a part has at most.
const FetchPart = 32 << 10
