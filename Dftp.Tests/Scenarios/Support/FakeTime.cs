namespace Dftp.Tests.Scenarios.Support;

/// <summary>A program's wall clock can be shifted by libfaketime; a time namespace has only the other clocks.</summary>
internal static class FakeTime
{
    /// <summary>The variables with which a program's clock is shifted; its timers keep their pace. Inconclusive where the library is missing.</summary>
    /// <param name="shift">As <c>+1h</c>.</param>
    public static IReadOnlyList<string> Shifted(string shift)
    {
        const string Library = "faketime/libfaketimeMT.so.1";
        var path = Directory.EnumerateDirectories("/usr/lib").Select(directory => Path.Combine(directory, Library)).FirstOrDefault(File.Exists);
        if (path is null) ProgramTools.SkipOrFail("this test needs libfaketime");
        return [$"LD_PRELOAD={path}", $"FAKETIME={shift}", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1"];
    }
}
