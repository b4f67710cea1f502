using System.Net;
using Dftp.Cluster.LocalFiles;

namespace Dftp.Tests.Cluster.LocalFiles;

/// <summary>One client cannot occupy all places: clients take turns.</summary>
[TestClass]
public sealed class FairGateTests
{
    private static readonly IPAddress A = IPAddress.Parse("10.0.0.1"), B = IPAddress.Parse("10.0.0.2"), C = IPAddress.Parse("10.0.0.3");

    private readonly List<string> _order = [];

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task ClientWithManyRequests_WaitsItsTurnForEach()
    {
        var gate = new FairGate(1);
        var inside = await EnterAsync(gate, A);
        List<Task> all = [.. Enumerable.Range(0, 5).Select(number => PassAsync(gate, A, $"a{number}"))];
        all.Add(PassAsync(gate, B, "b0"));
        all.Add(PassAsync(gate, C, "c0"));
        all.Add(PassAsync(gate, B, "b1"));

        inside.Dispose();
        await Task.WhenAll(all);

        Assert.AreEqual("b0 c0 a0 b1 a1 a2 a3 a4", string.Join(' ', _order));
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task OneClient_HasOnePlaceAtATime_AlsoIfOthersAreFree()
    {
        var gate = new FairGate(3);
        using var first = await EnterAsync(gate, A);
        var second = gate.EnterAsync(A, Cancellation).AsTask();
        var mapped = gate.EnterAsync(A.MapToIPv6(), Cancellation).AsTask();

        Assert.IsFalse(second.IsCompleted);
        Assert.IsFalse(mapped.IsCompleted);
        using var other = await EnterAsync(gate, B);
        using var another = await EnterAsync(gate, C);
        first.Dispose();
        (await second)!.Dispose();
        (await mapped)!.Dispose();
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task AddressesOfOneIPv6Network_AreOneClient()
    {
        var gate = new FairGate(2);
        using var first = await EnterAsync(gate, IPAddress.Parse("2001:db8::1"));

        Assert.IsFalse(gate.EnterAsync(IPAddress.Parse("2001:db8::ffff:2"), Cancellation).AsTask().IsCompleted);
        using var other = await EnterAsync(gate, IPAddress.Parse("2001:db8:0:1::1"));
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task RequestsOverTheQueueLimit_AreRefused_PerClientAndInTotal()
    {
        var gate = new FairGate(1, maxWaitingOfOne: 2, maxWaiting: 3);
        var inside = await EnterAsync(gate, A);
        List<Task<IDisposable?>> waiting = [gate.EnterAsync(A, Cancellation).AsTask(), gate.EnterAsync(A, Cancellation).AsTask()];

        Assert.IsNull(await gate.EnterAsync(A, Cancellation));
        waiting.Add(gate.EnterAsync(B, Cancellation).AsTask());
        Assert.IsNull(await gate.EnterAsync(C, Cancellation));

        inside.Dispose();
        while (waiting.Count > 0)
        {
            var next = await Task.WhenAny(waiting);
            waiting.Remove(next);
            (await next)!.Dispose();
        }

        using var again = await EnterAsync(gate, C);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task CancelledRequest_TakesNoPlace()
    {
        var gate = new FairGate(1, maxWaitingOfOne: 1);
        var inside = await EnterAsync(gate, A);
        using var leave = new CancellationTokenSource();
        var impatient = gate.EnterAsync(B, leave.Token).AsTask();
        var patient = gate.EnterAsync(C, Cancellation).AsTask();
        await leave.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => impatient);
        var again = gate.EnterAsync(B, Cancellation).AsTask();

        inside.Dispose();
        // B's first request keeps its place in the queue.
        (await again)!.Dispose();
        (await patient)!.Dispose();
        using var last = await EnterAsync(gate, A);
    }

    [TestMethod]
    [Timeout(20_000, CooperativeCancellation = true)]
    public async Task ConcurrentRequests_NeverExceedThePlaces_OrOnePerClient()
    {
        var gate = new FairGate(3, maxWaitingOfOne: 1000);
        var inside = new System.Collections.Concurrent.ConcurrentDictionary<int, bool>();
        var most = 0;
        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 50, CancellationToken = Cancellation }, async (number, token) =>
        {
            var client = number % 7;
            using var place = await gate.EnterAsync(IPAddress.Parse($"10.0.0.{client}"), token);
            Assert.IsNotNull(place);
            Assert.IsTrue(inside.TryAdd(client, true), "two of one client");
            InterlockedMax(ref most, inside.Count);
            await Task.Yield();
            inside.TryRemove(client, out _);
        });

        Assert.IsTrue(most <= 3, $"{most} at once");
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (int known; (known = Volatile.Read(ref most)) < value;) Interlocked.CompareExchange(ref most, value, known);
    }

    private async Task<IDisposable> EnterAsync(FairGate gate, IPAddress client)
    {
        var place = gate.EnterAsync(client, Cancellation);
        Assert.IsTrue(place.IsCompleted);
        return (await place)!;
    }

    private async Task PassAsync(FairGate gate, IPAddress client, string name)
    {
        using var place = await gate.EnterAsync(client, Cancellation);
        lock (_order) _order.Add(name);
    }
}
