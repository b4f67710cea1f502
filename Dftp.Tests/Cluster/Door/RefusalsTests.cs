using Dftp.Cluster.Door;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Cluster.Door;

[TestClass]
public sealed class RefusalsTests
{
    [TestMethod]
    public void ManyRefusals_AreCountedByCauseAndLoggedOnceAMinuteForEach()
    {
        var time = new FakeTimeProvider();
        using var logs = new TestLogs();
        var refusals = new Refusals(time, logs.CreateLogger("Cluster"));

        for (var i = 0; i < 10_000; i++) refusals.Add(Refusal.NoSignature, "POST /cluster/", "10.0.0.7");
        refusals.Add(Refusal.Replayed, "POST /join/", "10.0.0.8");
        Assert.AreEqual(2, logs.Lines.Count());
        time.Advance(TimeSpan.FromMinutes(1));
        refusals.Add(Refusal.NoSignature, "GET /status/", "10.0.0.9");

        StringAssert.Contains(
            logs.Lines.Last(),
            $"refused GET /status/ from 10.0.0.9: {Refusal.NoSignature.Sentence} (9999 more for this cause since the last such line)");
        CollectionAssert.AreEqual(
            new[] { (RefusalCause.NoSignature, 10_001L, "10.0.0.9"), (RefusalCause.Replayed, 1L, "10.0.0.8") },
            refusals.Counts.Select(count => (count.Cause, count.Count, count.Address)).ToList());
    }
}
