using System.Collections.Concurrent;
using Dftp.Tests.Browser;

namespace Dftp.Tests.Support;

/// <summary>Checks of a whole run. An unobserved task exception is a defect in the product or in a test: the run fails.</summary>
[TestClass]
public static class WholeRun
{
    /// <summary>Where fake clocks start: after the files of the tests' trees were made.</summary>
    public static readonly DateTimeOffset Time = new(2024, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ConcurrentQueue<AggregateException> Unobserved = new();

    [AssemblyInitialize]
    public static void Begin(TestContext context) => TaskScheduler.UnobservedTaskException += (_, unobserved) =>
        Unobserved.Enqueue(unobserved.Exception);

    /// <summary>The garbage collector finds such tasks, so it must run once more at the end.</summary>
    [AssemblyCleanup]
    public static async Task EndAsync()
    {
        await Chromium.CloseAsync();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.IsTrue(Unobserved.IsEmpty,
            $"exceptions of tasks that nobody observed: {Unobserved.Count}\n{string.Join("\n\n", Unobserved)}");
    }
}
