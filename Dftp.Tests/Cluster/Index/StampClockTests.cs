using Dftp.Cluster.Index;
using Dftp.FileSystem;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Cluster.Index;

[TestClass]
public sealed class StampClockTests
{
    private static readonly NodeName A = NodeName.Parse("a"), B = NodeName.Parse("b");

    private readonly FakeTimeProvider _time = new(WholeRun.Time);

    private Stamp Wall => Stamp.From(_time.GetUtcNow());

    [TestMethod]
    public void Stamps_FollowTheClock()
    {
        var clock = new StampClock(A, _time);
        foreach (var wait in new[] { 0, 1, 60, 86_400 })
        {
            _time.Advance(TimeSpan.FromSeconds(wait));
            var stamp = clock.Next();
            Assert.IsTrue(stamp >= Wall && stamp.Value - Wall.Value < 1_000_000, $"{stamp} at {Wall}");
        }
    }

    [TestMethod]
    public void ClockThatStandsStill_StampsAreGreaterEachTime()
    {
        var clock = new StampClock(A, _time);
        var last = clock.Next();
        for (var count = 0; count < 100_000; count++)
        {
            var next = clock.Next();
            Assert.IsTrue(next > last);
            last = next;
        }
    }

    [TestMethod]
    public void ClockSetBack_StampsDoNotGoBack()
    {
        var clock = new StampClock(A, _time);
        var before = clock.Next();
        _time.AdjustTime(_time.GetUtcNow() - TimeSpan.FromHours(23));
        var after = clock.Next();
        Assert.IsTrue(after > before);
        Assert.AreEqual(after, clock.Now);
        Assert.IsTrue(clock.Next() > after);
    }

    // A machine may boot with its clock a year ahead. It would own all that it shares for that year.
    [TestMethod]
    public void ClockThatRanADayAheadIsSetRight_StampsAreOfThePresent()
    {
        var clock = new StampClock(A, _time);
        clock.Next();
        _time.AdjustTime(_time.GetUtcNow() - TimeSpan.FromHours(25));
        Assert.AreEqual(Wall, clock.Now);
        var stamp = clock.Next();
        Assert.IsTrue(stamp.Value - Wall.Value < 1_000_000);
        Assert.IsTrue(clock.Next() > stamp);
    }

    [TestMethod]
    public void SeveralThreads_NoStampIsMadeTwice()
    {
        var clock = new StampClock(A, TimeProvider.System);
        var made = new Stamp[4][];
        Parallel.For(0, made.Length, thread => made[thread] = [.. Enumerable.Range(0, 20_000).Select(_ => clock.Next())]);
        Assert.AreEqual(80_000, made.SelectMany(stamps => stamps).Distinct().Count());
        foreach (var stamps in made) CollectionAssert.AreEqual(stamps.Order().ToList(), stamps);
    }

    // Equal stamps of a path mean the same version: two nodes must not go on in the same way.
    [TestMethod]
    public void TwoNodesThatSawTheSameStamp_MakeDifferentOnes()
    {
        var (a, b) = (new StampClock(A, _time), new StampClock(B, _time));
        var seen = Stamp.From(_time.GetUtcNow() + TimeSpan.FromSeconds(30));
        a.Received(seen);
        b.Received(seen);
        for (var count = 0; count < 100; count++) Assert.AreNotEqual(a.Next(), b.Next());
    }

    [TestMethod]
    public void ReceivedStampAheadOfTheClock_LaterStampsAreGreater()
    {
        var clock = new StampClock(A, _time);
        var seen = Stamp.From(_time.GetUtcNow() + StampClock.MaxPeerLead);
        clock.Received(seen);
        Assert.IsTrue(clock.Next() > seen);
    }

    [TestMethod]
    public void ReceivedStampFarAheadOfTheClock_ChangesNothing()
    {
        var clock = new StampClock(A, _time);
        clock.Received(Stamp.From(_time.GetUtcNow() + StampClock.MaxPeerLead + TimeSpan.FromTicks(1)));
        clock.Received(Stamp.FromSeconds(long.MaxValue));
        Assert.IsTrue(clock.Next().Value - Wall.Value < 1_000_000);
    }

    [TestMethod]
    public void Restart_StampsContinueAfterTheMark_AlsoWhenTheClockIsSetBack()
    {
        Stamp mark = default;
        var last = new StampClock(A, _time, mark, saved => mark = saved).Next();
        for (var start = 0; start < 20; start++)
        {
            _time.AdjustTime(_time.GetUtcNow() - TimeSpan.FromMinutes(start));
            var stamp = new StampClock(A, _time, mark, saved => mark = saved).Next();
            Assert.IsTrue(stamp > last && stamp <= mark);
            last = stamp;
        }
    }

    // A process that crashes and is started again every second must not move its stamps ahead by a minute each time.
    [TestMethod]
    public void ManyCrashes_StampsStayCloseToTheClock()
    {
        Stamp mark = default;
        for (var start = 0; start < 600; start++)
        {
            var stamp = new StampClock(A, _time, mark, saved => mark = saved).Next();
            Assert.IsTrue(stamp.Seconds - Wall.Seconds <= 61, $"start {start}: {stamp.Seconds - Wall.Seconds} s ahead");
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [TestMethod]
    public void Mark_IsSavedBeforeAStampReachesIt_AndAboutOnceAMinute()
    {
        Stamp mark = default;
        var saves = 0;
        var clock = new StampClock(A, _time, mark, saved => (mark, saves) = (saved, saves + 1));
        for (var second = 0; second < 600; second++)
        {
            Assert.IsTrue(clock.Next() <= mark);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.AreEqual(10, saves);
    }

    [TestMethod]
    public void OrderlyEnd_NextStartIsNotAheadOfTheClock()
    {
        Stamp mark = default;
        var clock = new StampClock(A, _time, mark, saved => mark = saved);
        var last = clock.Next();
        clock.Release();
        Assert.AreEqual(last, mark);

        _time.Advance(TimeSpan.FromSeconds(1));
        var next = new StampClock(A, _time, mark, saved => mark = saved).Next();
        Assert.IsTrue(next > last && next.Value - Wall.Value < 1_000_000);
    }

    // A machine without a battery starts in 1970, until it has the time from the network.
    [TestMethod]
    public void ClockThatIsNotSetYet_StampsContinueAfterTheMark()
    {
        var mark = Stamp.From(_time.GetUtcNow());
        var clock = new StampClock(A, new FakeTimeProvider(DateTimeOffset.UnixEpoch), mark);
        Assert.IsTrue(clock.Next() > mark);
    }

    [TestMethod]
    public void MarkOfAClockThatRanADayAhead_IsReplaced()
    {
        var mark = Stamp.From(_time.GetUtcNow() + TimeSpan.FromHours(25));
        var clock = new StampClock(A, _time, mark, saved => mark = saved);
        Assert.IsTrue(clock.Next().Value - Wall.Value < 1_000_000);
        Assert.IsTrue(mark.Seconds - Wall.Seconds <= 60);
    }
}
