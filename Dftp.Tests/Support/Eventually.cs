using System.Diagnostics;

namespace Dftp.Tests.Support;

/// <summary>Waits for a condition that other threads fulfil. Tests poll only here.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Returns as soon as the condition holds.</summary>
    /// <exception cref="AssertFailedException">It does not hold within the timeout.</exception>
    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? within = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, within);

    /// <inheritdoc cref="TrueAsync(Func{bool}, string, TimeSpan?)"/>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? within = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > (within ?? Limit)) Assert.Fail($"not within {within ?? Limit}: {what}");
            using var timer = new PeriodicTimer(Pause);
            await timer.WaitForNextTickAsync();
        }
    }
}
