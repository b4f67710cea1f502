using System.Diagnostics;

namespace Dftp.Tests.Scenarios.Support;

/// <summary>Waits for what other processes do. It is the only place where tests look again and again.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Asks until the answer is the one expected; fails with the last answer when the time is over.</summary>
    /// <param name="expected">What is to be.</param>
    /// <param name="ask">Gives what is now. An <see cref="AssertFailedException"/> counts as "not yet".</param>
    /// <param name="within">How long it may take.</param>
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

    /// <summary>Asks until the answer is yes.</summary>
    public static Task TrueAsync(Func<bool> ask, TimeSpan within, string what) => EqualAsync(true, () => Task.FromResult(ask()), within, what);
}
