using Dftp.Cluster.Peers;
using Dftp.Tests.Cluster.Convergence;

namespace Dftp.Tests.Cluster.Peers;

[TestClass]
public sealed class RunningTimeTests
{
    private readonly SimulatedClock _clock = new();

    [TestMethod]
    [DataRow(1.0)]
    [DataRow(0.2)]
    [DataRow(1.2)]
    public void TicksAreNearlyOnTime_AllTimeCounts(double seconds)
    {
        using var running = RunningTime.Simulate(_clock, isNeverLate: false);
        for (var tick = 0; tick < 10; tick++)
        {
            _clock.Pass(TimeSpan.FromSeconds(seconds));
            running.Tick();
        }

        Assert.AreEqual(10 * seconds, running.Now.TotalSeconds, 1e-6);
    }

    [TestMethod]
    public void NoTickComes_TimeStandsStillSoonAndNeverGoesBack()
    {
        using var running = RunningTime.Simulate(_clock, isNeverLate: false);
        var before = running.Now;
        for (var half = 0; half < 60; half++)
        {
            _clock.Pass(TimeSpan.FromSeconds(0.5));
            Assert.IsTrue(running.Now >= before);
            before = running.Now;
        }

        running.Tick();

        Assert.AreEqual(before, running.Now);
        Assert.AreEqual(1.25, running.Now.TotalSeconds, 1e-6);
    }
}
