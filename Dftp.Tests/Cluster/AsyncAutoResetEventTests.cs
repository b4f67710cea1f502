using Dftp.Cluster;
using Dftp.Tests.Cluster.Discovery;

namespace Dftp.Tests.Cluster;

[TestClass]
public sealed class AsyncAutoResetEventTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(7);

    private readonly ManualClock _clock = new();
    private readonly AsyncAutoResetEvent _signal = new();

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task RaisedSeveralTimesBeforeItIsWaitedFor_WakesOnce()
    {
        _signal.Raise();
        _signal.Raise();

        Assert.IsTrue(await _signal.WaitAsync(Wait, _clock, TestContext.CancellationTokenSource.Token));
        var second = _signal.WaitAsync(Wait, _clock, TestContext.CancellationTokenSource.Token);
        await _clock.PassAsync(Wait, TestContext.CancellationTokenSource.Token);
        Assert.IsFalse(await second);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task RaisedWhileItIsWaitedFor_Wakes()
    {
        var waiting = _signal.WaitAsync(Wait, _clock, TestContext.CancellationTokenSource.Token);
        _signal.Raise();

        Assert.IsTrue(await waiting);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task RaisedAfterTheTime_WakesTheNextWait()
    {
        var late = _signal.WaitAsync(Wait, _clock, TestContext.CancellationTokenSource.Token);
        await _clock.PassAsync(Wait, TestContext.CancellationTokenSource.Token);
        Assert.IsFalse(await late);
        _signal.Raise();

        Assert.IsTrue(await _signal.WaitAsync(Wait, _clock, TestContext.CancellationTokenSource.Token));
    }

    [TestMethod]
    public async Task Cancelled_Throws()
    {
        using var stop = new CancellationTokenSource();
        var waiting = _signal.WaitAsync(Wait, _clock, stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting);
    }
}
