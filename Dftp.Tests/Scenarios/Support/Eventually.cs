using System.Diagnostics;

namespace Dftp.Tests.Scenarios.Support;

/// <summary>Waits for conditions of other processes. Scenarios poll only here.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Polls until the answer is the expected one; fails with the last answer after the timeout.</summary>
    /// <param name="expected">The expected answer.</param>
    /// <param name="ask">Gives the current answer. An <see cref="AssertFailedException"/> counts as "not yet".</param>
    /// <param name="within">The timeout.</param>
    /// <param name="what">Names the condition in the failure.</param>
    public static async Task EqualAsync<T>(T expected, Func<Task<T>> ask, TimeSpan within, string what)
    {
        var since = Stopwatch.GetTimestamp();
        using var pause = new PeriodicTimer(Pause);
        while (true)
        {
            string answer;
            try
            {
                var actual = await ask();
                if (EqualityComparer<T>.Default.Equals(actual, expected)) return;
                answer = $"{actual}";
            }
            catch (AssertFailedException notYet)
            {
                answer = notYet.Message;
            }

            if (Stopwatch.GetElapsedTime(since) > within)
            {
                Assert.Fail($"not within {within.TotalSeconds:0.#} s: {what}\nexpected: {expected}\nlast: {answer}");
            }

            await pause.WaitForNextTickAsync();
        }
    }

    /// <summary>Polls until the answer is true.</summary>
    public static Task TrueAsync(Func<bool> ask, TimeSpan within, string what) =>
        EqualAsync(true, () => Task.FromResult(ask()), within, what);
}
