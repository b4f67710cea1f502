namespace Dftp.Tests.Scenarios.Support;

/// <summary>Shifts a program's wall clock by libfaketime; a time namespace can only shift the other clocks.</summary>
internal static class FakeTime
{
    /// <summary>
    /// The environment variables that shift a program's clock; its timers are unaffected. Inconclusive without the library.
    /// </summary>
    /// <param name="shift">For example <c>+1h</c>.</param>
    public static IReadOnlyList<string> Shifted(string shift)
    {
        const string Library = "faketime/libfaketimeMT.so.1";
        var path = Directory.EnumerateDirectories("/usr/lib").Select(directory => Path.Combine(directory, Library))
            .FirstOrDefault(File.Exists);
        if (path is null) ProgramTools.SkipOrFail("this test needs libfaketime");
        return [$"LD_PRELOAD={path}", $"FAKETIME={shift}", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1"];
    }
}
