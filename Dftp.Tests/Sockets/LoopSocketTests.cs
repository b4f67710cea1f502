using System.Net;
using System.Net.Sockets;
using Dftp.Sockets;
using Dftp.Tests.Support;

namespace Dftp.Tests.Sockets;

/// <summary>Sockets on the event loop, with a socket of the framework at the other end.</summary>
[TestClass]
public sealed class LoopSocketTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [TestMethod]
    public async Task Bytes_ComeAsTheyWereSent_BothWays()
    {
        var (near, far) = await PairAsync();
        using var _ = near;
        using var __ = far;
        var buffer = new byte[100];

        var reading = near.ReceiveAsync(buffer);
        Assert.IsFalse(reading.IsCompleted);
        await far.SendAsync("hello"u8.ToArray());
        Assert.AreEqual(5, await reading.AsTask().WaitAsync(Patience));
        Assert.IsTrue(buffer.AsSpan(0, 5).SequenceEqual("hello"u8));

        await near.SendAsync("there"u8.ToArray());
        Assert.AreEqual(5, await far.ReceiveAsync(buffer));
        Assert.IsTrue(buffer.AsSpan(0, 5).SequenceEqual("there"u8));
    }

    // Bytes that arrived together with the end of the stream are read first, then the end: there is no further event.
    [TestMethod]
    public async Task End_IsSeenAfterTheLastBytes_HoweverTheyCame()
    {
        for (var i = 0; i < 100; i++)
        {
            var (near, far) = await PairAsync();
            using var _ = near;
            var buffer = new byte[100];
            var reading = near.ReceiveAsync(buffer);
            await far.SendAsync("last"u8.ToArray());
            far.Dispose();

            Assert.AreEqual(4, await reading.AsTask().WaitAsync(Patience));
            Assert.AreEqual(0, await near.ReceiveAsync(buffer).AsTask().WaitAsync(Patience));
            Assert.AreEqual(0, await near.ReceiveAsync(buffer).AsTask().WaitAsync(Patience));
        }
    }

    [TestMethod]
    public async Task Sender_WaitsForItsReader_AndLosesNothing()
    {
        var (near, far) = await PairAsync();
        using var _ = near;
        using var __ = far;
        var bytes = new byte[8 << 20];
        new Random(1).NextBytes(bytes);

        var sending = near.SendAsync(bytes).AsTask();
        Assert.IsFalse(sending.IsCompleted);
        var read = new byte[bytes.Length];
        for (var at = 0; at < read.Length;) at += await far.ReceiveAsync(read.AsMemory(at));

        await sending.WaitAsync(Patience);
        CollectionAssert.AreEqual(bytes, read);
    }

    // From one connection to another through a pipe, with a slow reader and with a slow sender.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Pipe_MovesEveryByte_InOrder(bool isReaderSlow)
    {
        var (source, sender) = await PairAsync();
        var (target, reader) = await PairAsync();
        using var _ = source;
        using var __ = target;
        using var pipe = KernelPipe.TryCreate()!;
        var bytes = new byte[5_000_000];
        new Random(2).NextBytes(bytes);
        var moving = Task.Run(async () =>
        {
            for (int count; (count = await source.FillAsync(pipe.WriteEnd, pipe.Capacity)) > 0;)
            {
                while (count > 0) count -= await target.DrainAsync(pipe.ReadEnd, count);
            }

            target.Socket.Shutdown(SocketShutdown.Send);
        });
        var sending = Task.Run(async () =>
        {
            for (var at = 0; at < bytes.Length;) at += await sender.SendAsync(
                bytes.AsMemory(at, Math.Min(isReaderSlow ? 1 << 20 : 1000, bytes.Length - at)));
            sender.Dispose();
        });

        var read = new MemoryStream();
        var piece = new byte[isReaderSlow ? 1000 : 1 << 20];
        for (int count; (count = await reader.ReceiveAsync(piece).WaitAsync(Patience)) > 0;) read.Write(piece, 0, count);

        await Task.WhenAll(moving, sending).WaitAsync(Patience);
        CollectionAssert.AreEqual(bytes, read.ToArray());
        reader.Dispose();
    }

    [TestMethod]
    public async Task Wait_CanBeCancelled_AndTheNextOneWorks()
    {
        var (near, far) = await PairAsync();
        using var _ = near;
        using var __ = far;
        var buffer = new byte[100];
        using (var stop = new CancellationTokenSource())
        {
            var reading = near.ReceiveAsync(buffer, stop.Token).AsTask();
            await stop.CancelAsync();
            await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => reading.WaitAsync(Patience));
        }

        await far.SendAsync("x"u8.ToArray());
        Assert.AreEqual(1, await near.ReceiveAsync(buffer).AsTask().WaitAsync(Patience));
    }

    // One call reports many sockets: when one of them stalls the thread, the others continue on another thread.
    [TestMethod]
    public async Task HandlersThatBlock_DoNotBlockOtherConnections()
    {
        const int Count = 64, Blocking = 3;
        var pairs = new List<(LoopSocket Near, Socket Far)>();
        for (var i = 0; i < Count; i++) pairs.Add(await PairAsync());
        using var release = new ManualResetEventSlim();
        var others = new CountdownEvent(Count - Blocking);
        var entered = 0;
        var reading = pairs.ConvertAll(pair => HandleAsync(pair.Near));

        foreach (var (_, far) in pairs) await far.SendAsync("x"u8.ToArray());

        Assert.IsTrue(others.Wait(Patience));
        release.Set();
        await Task.WhenAll(reading).WaitAsync(Patience);
        Close(pairs);

        others.Dispose();

        async Task HandleAsync(LoopSocket socket)
        {
            await socket.ReceiveAsync(new byte[10]);
            if (Interlocked.Increment(ref entered) <= Blocking) release.Wait(Patience);
            else others.Signal();
        }
    }

    [TestMethod]
    public async Task Disposal_FailsPendingWaits()
    {
        var (near, far) = await PairAsync();
        using var _ = far;
        var reading = near.ReceiveAsync(new byte[10]).AsTask();
        var sending = near.SendAsync(new byte[16 << 20]).AsTask();

        near.Dispose();

        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => reading.WaitAsync(Patience));
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => sending.WaitAsync(Patience));
    }

    // The closing thread may hold locks that the continuations need.
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Disposal_IsNotBlockedByAContinuation(bool isReader)
    {
        var (near, far) = await PairAsync();
        using var _ = far;
        using var isFree = new ManualResetEventSlim();
        var waiting = WaitAsync();

        near.Dispose();

        isFree.Set();
        await waiting.WaitAsync(Patience);

        async Task WaitAsync()
        {
            if (isReader)
            {
                // An earlier signal is consumed first.
                for (var i = 0; i < 2; i++) await near.WaitReadableAsync();
            }
            else
            {
                for (var i = 0; i < 2; i++) await near.WaitWritableAsync();
            }

            Assert.IsTrue(isFree.Wait(Patience));
        }
    }

    [TestMethod]
    public async Task Reset_IsTold_AndIsAnErrorOfTheNextRead()
    {
        var broken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (near, far) = await PairAsync(() => broken.TrySetResult());
        using var _ = near;
        var reading = near.ReceiveAsync(new byte[10]).AsTask();

        far.LingerState = new LingerOption(true, 0);
        far.Dispose();

        await broken.Task.WaitAsync(Patience);
        var error = await Assert.ThrowsExactlyAsync<SocketException>(() => reading.WaitAsync(Patience));
        Assert.AreEqual(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [TestMethod]
    public async Task Connecting_GivesTheSocket_OrSaysWhyNot()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        var to = (IPEndPoint)listener.LocalEndPoint!;
        var refused = await Assert.ThrowsExactlyAsync<SocketException>(() => LoopSocket.ConnectAsync(to, _ => { }, default).AsTask());
        Assert.AreEqual(SocketError.ConnectionRefused, refused.SocketErrorCode);

        listener.Listen();
        using var near = await LoopSocket.ConnectAsync(to, socket => socket.NoDelay = true, default);
        using var far = await listener.AcceptAsync();
        await far.SendAsync("x"u8.ToArray());
        Assert.AreEqual(1, await near.ReceiveAsync(new byte[2]).AsTask().WaitAsync(Patience));
        Assert.IsTrue(near.Socket.NoDelay);
    }

    // A callback that throws is a defect. It ends its own connection and no other.
    [TestMethod]
    public async Task CallbackThatThrows_EndsItsSocketOnly()
    {
        var failures = new List<Exception>();
        void Record(Exception failure)
        {
            lock (failures) failures.Add(failure);
        }

        BackgroundFailures.Occurred += Record;
        try
        {
            var before = BackgroundFailures.Count;
            var pairs = new List<(LoopSocket Near, Socket Far)>();
            for (var i = 0; i < 2 * Environment.ProcessorCount; i++) pairs.Add(await PairAsync());
            var (near, far) = await PairAsync(() => throw new InvalidTimeZoneException("the test's own"));
            using var _ = near;
            far.LingerState = new LingerOption(true, 0);
            far.Dispose();

            await Eventually.TrueAsync(() => BackgroundFailures.Count > before, "the failure is counted");
            lock (failures) Assert.IsTrue(failures.Exists(failure => failure is InvalidTimeZoneException));
            await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => near.ReceiveAsync(new byte[1]).AsTask());
            foreach (var pair in pairs)
            {
                var reading = pair.Near.ReceiveAsync(new byte[1]).AsTask();
                await pair.Far.SendAsync("y"u8.ToArray());
                Assert.AreEqual(1, await reading.WaitAsync(Patience));
            }

            Close(pairs);
        }
        finally
        {
            BackgroundFailures.Occurred -= Record;
        }
    }

    // A writer that never has to wait would block all others of its loop.
    [TestMethod]
    public async Task WriterThatYields_LetsTheOthersOfItsLoopHaveTheirTurn()
    {
        var turns = 0;
        var isOver = 0;
        var all = new List<(LoopSocket Near, Socket Far)>();
        for (var i = 0; i < 4 * Environment.ProcessorCount; i++) all.Add(await PairAsync());
        var busy = all.Select(async pair =>
        {
            await pair.Near.ReceiveAsync(new byte[1]);
            while (Volatile.Read(ref isOver) == 0)
            {
                Interlocked.Increment(ref turns);
                await pair.Near.YieldAsync();
            }
        }).ToList();
        foreach (var (_, far) in all) await far.SendAsync("x"u8.ToArray());

        for (var i = 0; i < 20; i++)
        {
            var (near, far) = await PairAsync();
            var reading = near.ReceiveAsync(new byte[1]).AsTask();
            await far.SendAsync("y"u8.ToArray());
            Assert.AreEqual(1, await reading.WaitAsync(Patience));
            near.Dispose();
            far.Dispose();
        }

        Assert.IsTrue(Volatile.Read(ref turns) > 0);
        Volatile.Write(ref isOver, 1);
        await Task.WhenAll(busy).WaitAsync(Patience);
        Close(all);
    }

    // On a replaced thread its turn would never come, so it continues at once.
    [TestMethod]
    public async Task WriterThatYields_AfterItsThreadWasReplaced_Continues()
    {
        var (near, far) = await PairAsync();
        using var _ = near;
        using var __ = far;
        var others = new List<(LoopSocket Near, Socket Far)>();
        for (var i = 0; i < 8 * Environment.ProcessorCount; i++) others.Add(await PairAsync());
        using var isHolding = new ManualResetEventSlim();
        using var othersGoOn = new CountdownEvent(others.Count);
        var yielding = Task.Run(async () =>
        {
            await near.ReceiveAsync(new byte[1]);
            isHolding.Set();
            // Some of them are on the same loop: when all have continued, this thread has been replaced.
            Assert.IsTrue(othersGoOn.Wait(Patience));
            await near.YieldAsync();
        });
        var reading = others.ConvertAll(async pair =>
        {
            await pair.Near.ReceiveAsync(new byte[1]);
            othersGoOn.Signal();
        });

        await far.SendAsync("x"u8.ToArray());
        Assert.IsTrue(isHolding.Wait(Patience));
        foreach (var pair in others) await pair.Far.SendAsync("y"u8.ToArray());

        await yielding.WaitAsync(Patience);
        await Task.WhenAll(reading).WaitAsync(Patience);
        Close(others);
    }

    // Continuations of waits run on the loop's thread. One that blocks there does not block the other sockets of the loop.
    [TestMethod]
    public async Task StalledThreadOfTheLoop_IsReplaced()
    {
        using var goesOn = new ManualResetEventSlim();
        var pairs = new List<(LoopSocket Near, Socket Far)>();
        for (var i = 0; i < 8 * Environment.ProcessorCount; i++) pairs.Add(await PairAsync());
        var held = pairs.Where((_, i) => i % 2 == 0).Select(pair => Task.Run(() => BlockAfterReadingAsync(pair.Near, goesOn))).ToList();
        foreach (var (pair, i) in pairs.Select((pair, i) => (pair, i))
            .Where(item => item.i % 2 == 0)) await pair.Far.SendAsync("x"u8.ToArray());

        foreach (var (pair, i) in pairs.Select((pair, i) => (pair, i)).Where(item => item.i % 2 == 1))
        {
            var reading = pair.Near.ReceiveAsync(new byte[1]).AsTask();
            await pair.Far.SendAsync("y"u8.ToArray());
            Assert.AreEqual(1, await reading.WaitAsync(Patience));
        }

        Assert.IsFalse(held.Any(task => task.IsCompleted));
        goesOn.Set();
        await Task.WhenAll(held).WaitAsync(Patience);
        Close(pairs);
    }

    // Two threads signal, wait and cancel: no signal is lost, and no wait hangs.
    [TestMethod]
    public async Task ManyShortMessages_AreAllSeen()
    {
        var (near, far) = await PairAsync();
        using var _ = near;
        using var __ = far;
        var buffer = new byte[1];
        var echo = Task.Run(async () =>
        {
            var one = new byte[1];
            while (await near.ReceiveAsync(one) == 1) await near.SendAsync(one);
        });

        for (var i = 0; i < 20_000; i++)
        {
            await far.SendAsync(buffer);
            Assert.AreEqual(1, await far.ReceiveAsync(buffer).WaitAsync(Patience));
        }

        far.Shutdown(SocketShutdown.Send);
        await echo.WaitAsync(Patience);
    }

    private static void Close(List<(LoopSocket Near, Socket Far)> pairs)
    {
        foreach (var (near, far) in pairs)
        {
            near.Dispose();
            far.Dispose();
        }
    }

    private static async Task BlockAfterReadingAsync(LoopSocket socket, ManualResetEventSlim goesOn)
    {
        Assert.AreEqual(1, await socket.ReceiveAsync(new byte[1]));
        goesOn.Wait(Patience);
    }

    private static async Task<(LoopSocket Near, Socket Far)> PairAsync(Action? broken = null)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await far.ConnectAsync(listener.LocalEndpoint);
        return (new LoopSocket(await listener.AcceptSocketAsync(), broken: broken) { Socket = { NoDelay = true } }, far);
    }
}
