using Dftp.Cluster;
using Dftp.Tests.Support;

namespace Dftp.Tests.Cluster;

[TestClass]
public sealed class AsyncAutoResetEventTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(7);

    private readonly AwaitedTime _clock = new();
    private readonly AsyncAutoResetEvent _signal = new();

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task RaisedSeveralTimesBeforeItIsWaitedFor_WakesOnce()
    {
        _signal.Raise();
        _signal.Raise();

        Assert.IsTrue(await _signal.WaitAsync(Wait, _clock, TestContext.CancellationToken));
        var second = _signal.WaitAsync(Wait, _clock, TestContext.CancellationToken);
        await _clock.PassAsync(Wait, TestContext.CancellationToken);
        Assert.IsFalse(await second);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task RaisedWhileItIsWaitedFor_Wakes()
    {
        var waiting = _signal.WaitAsync(Wait, _clock, TestContext.CancellationToken);
        _signal.Raise();

        Assert.IsTrue(await waiting);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task RaisedAfterTheTime_WakesTheNextWait()
    {
        var late = _signal.WaitAsync(Wait, _clock, TestContext.CancellationToken);
        await _clock.PassAsync(Wait, TestContext.CancellationToken);
        Assert.IsFalse(await late);
        _signal.Raise();

        Assert.IsTrue(await _signal.WaitAsync(Wait, _clock, TestContext.CancellationToken));
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
