package mixed

import "strconv"

// app is an application as it runs in each of its clusters.
type app struct {
	number          int
	name, namespace string
	tier, team      string
	version         string
	replicas        int
	runs            string // the kind of its workload: Deployment, StatefulSet, CronJob; "" for none
}

var (
	regions      = []string{"eu-west-1", "eu-north-1", "us-east-1", "us-west-2", "ap-south-1"}
	environments = []string{"prod", "prod", "staging", "dev"}
	providers    = []string{"metal", "aws", "gcp"}
	tiers        = []string{"frontend", "backend", "cache", "database", "batch"}
	domains      = []string{
		"accounts", "adverts", "alerts", "audit", "auctions", "baskets", "billing", "bookings", "campaigns", "carriers", "catalog", "chat",
		"checkout", "claims", "compliance", "consents", "contracts", "coupons", "credits", "customers", "delivery", "devices", "disputes", "documents",
		"emails", "experiments", "exports", "feeds", "finance", "fraud", "gateway", "identity", "images", "imports", "inventory", "invoices",
		"ledger", "loyalty", "maps", "markets", "media", "metering", "notices", "offers", "orders", "partners", "payments", "payroll",
		"pricing", "profiles", "quotas", "ratings", "refunds", "reports", "returns", "reviews", "routing", "search", "sessions", "shipping",
		"stock", "subscriptions", "taxes", "tickets",
	}
	roles = []string{"api", "worker", "web", "cache", "store", "sync", "events", "mailer", "proxy", "indexer", "scheduler", "importer", "exporter", "admin", "stream", "hooks"}
	sizes = []int{1, 2, 2, 3, 3, 4, 5, 6, 8, 12, 20} // replicas
)

func (f *Fleet) app(number int) app {
	chance := f.chance("app", number, 0, 0)
	domain := domains[chance%uint64(len(domains))]
	a := app{
		number: number, namespace: domain, name: domain + "-" + roles[chance>>8%uint64(len(roles))] + "-" + strconv.Itoa(number),
		tier: tiers[chance>>16%uint64(len(tiers))], team: "team-" + strconv.Itoa(int(chance>>24%40)),
		version:  "1." + strconv.Itoa(int(chance>>32%30)) + "." + strconv.Itoa(int(chance>>40%10)),
		replicas: sizes[chance>>48%uint64(len(sizes))], runs: "Deployment",
	}
	switch number % 10 {
	case 7:
		a.runs, a.replicas = "StatefulSet", min(a.replicas, 5)
	case 9:
		a.runs = "CronJob"
	}
	return a
}

// size is how many objects an application has in a cluster.
func (a app) size() int {
	n := 0
	for i := range kinds {
		if kinds[i].perApp != nil {
			n += kinds[i].perApp(a)
		}
	}
	return n
}

const jobsKept = 3 // of a CronJob

func (a app) pods() int {
	if a.runs == "CronJob" {
		return jobsKept
	}
	return a.replicas
}

// replicaSets counts the current one, which is number 0, and those kept to go back to.
func (a app) replicaSets() int {
	if a.runs != "Deployment" {
		return 0
	}
	return 1 + a.number%3
}

// if1 is for kinds that an application has one of, or none.
func if1(has bool) int {
	if has {
		return 1
	}
	return 0
}

func (a app) serves() bool { return a.runs != "CronJob" }
